"""Every change of a job's state, each one conditional UPDATE, so that of two who try one wins.

``queued → running → succeeded | failed | cancelled``, and ``paused`` beside the first two. A claim takes a lease, which a heartbeat renews, and
draws a number, the *fence*; whatever the worker writes later is written only while the row still shows that
number. A worker that was thought dead and wakes up can therefore not touch a job that another has taken over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session, aliased

from workers.errors import ClientError
from workers.settings import get_settings
from workers.states import ENDED_BADLY, JobKind, JobState
from workers.store.jobs import add_log, require_job
from workers.store.session import writing
from workers.store.tables import Job, utc_now

WAITING = (JobState.QUEUED, JobState.PAUSED)


@dataclass(frozen=True)
class Claim:
    """The right to do one attempt at a job, until the lease ends."""

    job_id: str
    kind: JobKind
    worker: str
    fence: int
    attempt: int
    options: dict[str, Any]
    nouns: dict[str, str | None]

    def __getitem__(self, noun: str) -> str:
        """Id of a noun that this kind of job must have, such as ``claim["run_id"]``."""
        value = self.nouns[noun]
        if value is None:
            raise ClientError(f"job {self.job_id} has no {noun}; it was not made by the client")
        return value

    @property
    def is_valid(self) -> ColumnElement[bool]:
        """SQL condition: this claim still holds."""
        return (Job.id == self.job_id) & (Job.fence == self.fence) & (Job.state == JobState.RUNNING)


NOUNS = ("dataset_id", "run_id", "evaluation_id", "video_id", "analysis_id")


def change(session: Session, condition: ColumnElement[bool], **values: object) -> bool:
    """Update jobs where the condition holds; returns whether there was one."""
    result = session.execute(
        update(Job).where(condition).values(**values).execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 (for the type checker: an UPDATE has a count)
    return result.rowcount > 0


def claim(job_id: str, worker: str) -> Claim | None:
    """Take a queued job whose predecessor, if any, succeeded.

    Returns:
        ``None`` when there is nothing to take: the job runs elsewhere, has ended, or is not there. A message
        that was delivered twice ends here.
    """
    before = aliased(Job)
    may_start = Job.after_job_id.is_(None) | exists().where(
        before.id == Job.after_job_id, before.state == JobState.SUCCEEDED
    )
    now = utc_now()
    with writing() as session:
        taken = change(
            session,
            (Job.id == job_id) & (Job.state == JobState.QUEUED) & may_start,
            state=JobState.RUNNING,
            worker=worker,
            fence=Job.fence + 1,
            attempts=Job.attempts + 1,
            started_at=now,
            finished_at=None,
            lease_until=now + timedelta(seconds=get_settings().lease_s),
            progress=0.0,
            stage="",
            message="",
            eta_s=None,
            error=None,
            pause_requested=False,
        )
        if not taken:
            return None
        job = require_job(session, job_id)
        add_log(session, job_id, [f"attempt {job.attempts} on {worker}"])
        nouns = {name: getattr(job, name) for name in NOUNS}
        return Claim(job.id, job.kind, worker, job.fence, job.attempts, dict(job.options), nouns)


@dataclass(frozen=True)
class Renewed:
    """What a worker learns with each heartbeat."""

    holds: bool
    cancel: bool = False
    pause: bool = False


def renew(held: Claim) -> Renewed:
    """Renew the lease; tells whether the claim still holds, and whether somebody asked to cancel or pause."""
    with writing() as session:
        until = utc_now() + timedelta(seconds=get_settings().lease_s)
        if not change(session, held.is_valid, lease_until=until):
            return Renewed(holds=False)
        asked = select(Job.cancel_requested, Job.pause_requested).where(Job.id == held.job_id)
        cancel, pause = session.execute(asked).one()
        return Renewed(holds=True, cancel=cancel, pause=pause)


def finish(session: Session, held: Claim, state: JobState, *, error: str | None = None) -> bool:
    """End the attempt in a final state, within the transaction that writes its results.

    Returns:
        False when the claim no longer holds; the caller must then roll back.
    """
    succeeded = {"progress": 1.0} if state is JobState.SUCCEEDED else {}
    ended = change(
        session,
        held.is_valid,
        state=state,
        error=error,
        finished_at=utc_now(),
        lease_until=None,
        eta_s=None,
        **succeeded,
    )
    if ended:
        add_log(session, held.job_id, [f"{state.value}: {error}" if error else state.value])
        if state is not JobState.SUCCEEDED:
            end_followers(session, held.job_id, state, error or state.value)
    return ended


def release(held: Claim, reason: str) -> bool:
    """Put the job back into the queue, not counting the attempt: its worker is stopping in good order."""
    return _leave(held, JobState.QUEUED, f"back to the queue: {reason}")


def rest(held: Claim) -> bool:
    """Leave a running job paused, as a person asked: it keeps its place and what it has done."""
    return _leave(held, JobState.PAUSED, "paused")


def _leave(held: Claim, state: JobState, line: str) -> bool:
    with writing() as session:
        left = change(
            session,
            held.is_valid,
            state=state,
            pause_requested=False,
            attempts=Job.attempts - 1,
            lease_until=None,
            sent_at=None,
            worker=None,
            eta_s=None,
        )
        if left:
            add_log(session, held.job_id, [line])
        return left


def end_followers(session: Session, job_id: str, state: JobState, reason: str) -> None:
    """End the jobs that wait for one that will not succeed, and those that wait for them."""
    title = require_job(session, job_id).title
    what = "failed" if state is JobState.FAILED else "was cancelled"
    text = f"not started: {title!r}, which must succeed first, {what} ({reason})"
    waiting = select(Job.id).where(Job.after_job_id == job_id, Job.state.in_(WAITING))
    for follower in list(session.scalars(waiting)):
        ended = change(
            session,
            (Job.id == follower) & Job.state.in_(WAITING),
            state=state,
            error=text,
            finished_at=utc_now(),
        )
        if ended:
            add_log(session, follower, [text])
            end_followers(session, follower, state, reason)


def cancel(session: Session, job_id: str) -> None:
    """End a queued or paused job at once; ask a running one to stop at its next batch or frame.

    Raises:
        ClientError: The job has ended.
    """
    require_job(session, job_id)
    reason = "cancelled by the user"
    queued = (Job.id == job_id) & Job.state.in_(WAITING)
    values: dict[str, Any] = {"cancel_requested": True, "finished_at": utc_now(), "error": reason}
    if change(session, queued, state=JobState.CANCELLED, **values):
        add_log(session, job_id, [reason])
        end_followers(session, job_id, JobState.CANCELLED, reason)
    elif change(session, (Job.id == job_id) & (Job.state == JobState.RUNNING), cancel_requested=True):
        add_log(session, job_id, ["the user asks to cancel"])
    else:
        state = session.scalars(select(Job.state).where(Job.id == job_id)).one()
        raise ClientError(
            f"job {job_id}: only a queued, paused or running job can be cancelled, this one {state.value}"
        )


def retry(session: Session, job_id: str) -> list[str]:
    """Queue a failed or cancelled job again, and the followers that never started because of it.

    Returns:
        Ids of the jobs that are queued again; send their messages after the commit.

    Raises:
        ClientError: The job has not failed or been cancelled.
    """
    job = require_job(session, job_id)
    if not _requeue(session, job_id):
        raise ClientError(
            f"job {job_id}: only a failed or cancelled job can be retried, this one is {job.state.value}"
        )
    again = [job_id]
    for parent in again:  # grows while it is read: followers of followers too
        stopped = select(Job.id).where(
            Job.after_job_id == parent,
            Job.attempts == 0,
            Job.state.in_(ENDED_BADLY),
        )
        again += [follower for follower in list(session.scalars(stopped)) if _requeue(session, follower)]
    return again


def _requeue(session: Session, job_id: str) -> bool:
    ended = (Job.id == job_id) & Job.state.in_(ENDED_BADLY)
    requeued = change(
        session,
        ended,
        state=JobState.QUEUED,
        attempts=0,
        cancel_requested=False,
        pause_requested=False,
        notified_at=None,
        notify_tries=0,
        error=None,
        finished_at=None,
        started_at=None,
        worker=None,
        sent_at=None,
        progress=0.0,
        stage="",
        message="",
    )
    if requeued:
        add_log(session, job_id, ["queued again"])
    return requeued
