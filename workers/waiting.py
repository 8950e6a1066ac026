"""What people do to jobs that have not ended: pause, resume, put before others; and whose turn it is."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, aliased

from workers.errors import ClientError
from workers.lifecycle import WAITING, Claim, change, claim
from workers.states import PAUSABLE, JobKind, JobState
from workers.store.jobs import add_log, check_priority, require_job
from workers.store.session import reading
from workers.store.tables import Job

TURN = (Job.priority.desc(), Job.created_at, Job.id)
"""Order within a queue: urgent first, then as they came. A paused job keeps the place of its creation."""


def pause(session: Session, job_id: str) -> None:
    """Hold a queued job back; ask a running one to stop at its next batch or frame and wait.

    Raises:
        ClientError: The job has ended, is paused, or is of a kind that would begin anew.
    """
    job = require_job(session, job_id)
    resumable = (Job.id == job_id) & (Job.state == JobState.RUNNING) & Job.kind.in_(PAUSABLE)
    if change(session, (Job.id == job_id) & (Job.state == JobState.QUEUED), state=JobState.PAUSED):
        add_log(session, job_id, ["paused before it began"])
    elif change(session, resumable, pause_requested=True):
        add_log(session, job_id, ["the user asks to pause"])
    else:
        raise ClientError(
            f"job {job_id}: expected a queued job, or a running one of {', '.join(sorted(PAUSABLE))},"
            f" got a {job.kind.value} job that is {job.state.value}; what cannot go on can only be cancelled"
        )


def resume(session: Session, job_id: str) -> None:
    """Let a paused job have its turn again, at its old place; take back a pause that was not reached.

    Raises:
        ClientError: The job is not paused.
    """
    job = require_job(session, job_id)
    paused = (Job.id == job_id) & (Job.state == JobState.PAUSED)
    asked = (Job.id == job_id) & (Job.state == JobState.RUNNING) & Job.pause_requested
    if change(session, paused, state=JobState.QUEUED, sent_at=None):
        add_log(session, job_id, ["resumed; back to its place in the queue"])
    elif not change(session, asked, pause_requested=False):
        raise ClientError(f"job {job_id}: only a paused job can be resumed, this one is {job.state.value}")


def prioritise(session: Session, job_id: str, priority: int) -> None:
    """Give a job that waits another priority.

    Raises:
        ClientError: The job runs or has ended, or the priority is out of range.
    """
    check_priority(priority)
    job = require_job(session, job_id)
    if not change(session, (Job.id == job_id) & Job.state.in_(WAITING), priority=priority, sent_at=None):
        raise ClientError(
            f"job {job_id}: only a job that waits can be given a priority, this one is {job.state.value}"
        )
    add_log(session, job_id, [f"priority {priority}"])


def is_ready() -> ColumnElement[bool]:
    """SQL condition: queued, and its predecessor, if any, has succeeded."""
    before = aliased(Job)
    succeeded = exists().where(before.id == Job.after_job_id, before.state == JobState.SUCCEEDED)
    return (Job.state == JobState.QUEUED) & (Job.after_job_id.is_(None) | succeeded)


def claim_turn(job_id: str, worker: str) -> Claim | None:
    """Claim the job whose turn it is, for a message about some job of the same kind.

    The broker keeps the order in which messages were sent; people change priorities, pause and resume afterwards.
    So a message means "one of these can start", and the rows say which. The job named in it is started by the
    message of the one that went before it.

    Helpers of an analysis are nobody's to order: each is started by its own message.

    Returns:
        ``None`` when nothing of the kind waits.
    """
    with reading() as session:
        kind = session.scalar(select(Job.kind).where(Job.id == job_id))
        if kind is JobKind.SEGMENT:
            return claim(job_id, worker)
        waiting = select(func.count()).select_from(Job).where(Job.kind == kind, is_ready())
        tries = 0 if kind is None else int(session.scalar(waiting) or 0)
    for _ in range(tries):  # each that another worker takes first leaves one less
        with reading() as session:
            first = session.scalar(
                select(Job.id).where(Job.kind == kind, is_ready()).order_by(*TURN).limit(1)
            )
        if first is None:
            return None
        held = claim(first, worker)
        if held is not None:
            return held
    return None
