"""Puts right what crashes leave behind: lost workers, lost messages, and followers that nobody ended."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta

from kombu.exceptions import ChannelError
from sqlalchemy import select
from sqlalchemy.orm import aliased

from workers.app import connection
from workers.dispatch import BROKER_ERRORS, dispatch
from workers.lifecycle import WAITING, change, end_followers
from workers.settings import get_settings
from workers.states import ENDED_BADLY, JobState
from workers.store.jobs import add_log
from workers.store.session import reading, writing
from workers.store.tables import Job, utc_now

log = logging.getLogger(__name__)


@dataclass
class Swept:
    """Ids of the jobs that one sweep touched."""

    requeued: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    sent: int = 0


def sweep() -> Swept:
    """One round. Several sweepers at a time do no harm: each change is a conditional update."""
    swept = Swept()
    _expired_leases(swept)
    _orphaned_followers()
    swept.sent = dispatch(_unsent() + _lost_messages())
    return swept


def _expired_leases(swept: Swept) -> None:
    limit = get_settings().max_attempts
    with writing() as session:
        now = utc_now()
        for job in session.scalars(select(Job).where(Job.state == JobState.RUNNING, Job.lease_until < now)):
            # The fence in the condition: the worker may have come back, or another sweeper was here.
            still = (
                (Job.id == job.id)
                & (Job.fence == job.fence)
                & (Job.state == JobState.RUNNING)
                & (Job.lease_until < now)
            )
            lost = f"worker {job.worker} vanished at attempt {job.attempts}"
            if job.cancel_requested:
                state, error = JobState.CANCELLED, "cancelled by the user"
            elif job.pause_requested:
                state, error = JobState.PAUSED, None
            elif job.attempts >= limit:
                state, error = JobState.FAILED, f"{lost}, the last of {limit}; see the log, then retry"
            else:
                state, error = JobState.QUEUED, None
            ended_at = now if state.is_final else None
            values = {"state": state, "error": error, "finished_at": ended_at, "eta_s": None}
            reset = {"lease_until": None, "sent_at": None, "pause_requested": False}
            if not change(session, still, **values, **reset):
                continue
            place = "paused" if state is JobState.PAUSED else "back to the queue"
            add_log(session, job.id, [error or f"{lost}; {place}"])
            if state.is_final:
                swept.ended.append(job.id)
                end_followers(session, job.id, state, error or "")
            elif state is JobState.QUEUED:
                swept.requeued.append(job.id)


def _orphaned_followers() -> None:
    before = aliased(Job)
    query = (
        select(before.id, before.state, before.error)
        .join(Job, Job.after_job_id == before.id)
        .where(Job.state.in_(WAITING), before.state.in_(ENDED_BADLY))
        .distinct()
    )
    with writing() as session:
        for job_id, state, error in list(session.execute(query)):
            end_followers(session, job_id, state, error or state.value)


def _unsent() -> list[str]:
    with reading() as session:
        return list(
            session.scalars(select(Job.id).where(Job.state == JobState.QUEUED, Job.sent_at.is_(None)))
        )


def _lost_messages() -> list[str]:
    """Jobs of queues in which the broker holds fewer messages than the rows say were sent.

    Counting, not age alone: a job may rightly wait hours for its turn, and sending it again every few
    seconds would fill the broker.
    """
    old = utc_now() - timedelta(seconds=get_settings().resend_s)
    with reading() as session:
        query = select(Job.queue, Job.id).where(Job.state == JobState.QUEUED, Job.sent_at < old)
        waiting: dict[str, list[str]] = {}
        for queue, job_id in session.execute(query):
            waiting.setdefault(queue, []).append(job_id)
    lost: list[str] = []
    try:
        for queue, job_ids in waiting.items():
            if messages_in(queue) < len(job_ids):
                lost += job_ids
    except BROKER_ERRORS as error:
        log.warning("the broker does not answer (%s)", error)
    return lost


def messages_in(queue: str) -> int:
    """How many messages the broker holds for a queue, over all priorities."""
    with connection() as opened:
        try:
            return int(opened.default_channel.queue_declare(queue, passive=True).message_count)
        except ChannelError:  # Redis forgets empty lists
            return 0
