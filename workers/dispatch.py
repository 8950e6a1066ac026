"""Send messages for rows that are committed. A message that cannot be sent is no loss: the sweep sends it."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from kombu.connection import Connection
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError
from sqlalchemy import select, update
from sqlalchemy.orm import aliased

from workers.app import HIGHEST_STEP, app, connection, task_name
from workers.states import JobKind, JobState
from workers.store.session import reading, writing
from workers.store.tables import Job, utc_now

log = logging.getLogger(__name__)
BROKER_ERRORS = (OperationalError, RedisError, OSError)


def dispatch(job_ids: Iterable[str]) -> int:
    """Send one message for each of these jobs that is queued and whose predecessor, if any, succeeded.

    Returns:
        How many were sent; fewer than are ready when the broker does not answer.
    """
    ready = _ready(list(job_ids))
    if not ready:
        return 0
    sent: list[str] = []
    try:
        with connection() as opened:
            for job_id, kind, queue, priority in ready:
                send(opened, job_id, kind, queue, priority)
                sent.append(job_id)
    except BROKER_ERRORS as error:
        log.warning("the broker does not answer (%s); the sweep will send what is left", error)
    if sent:
        with writing() as session:
            session.execute(update(Job).where(Job.id.in_(sent)).values(sent_at=utc_now()))
    return len(sent)


def send(opened: Connection, job_id: str, kind: JobKind, queue: str, priority: int) -> None:
    """Send the message of one job. Redis serves low numbers first, people mean high ones."""
    app.send_task(
        task_name(kind), args=[job_id], queue=queue, priority=HIGHEST_STEP - priority, connection=opened
    )


def _ready(job_ids: list[str]) -> list[tuple[str, JobKind, str, int]]:
    before = aliased(Job)
    query = (
        select(Job.id, Job.kind, Job.queue, Job.priority)
        .outerjoin(before, Job.after_job_id == before.id)
        .where(
            Job.id.in_(job_ids),
            Job.state == JobState.QUEUED,
            Job.after_job_id.is_(None) | (before.state == JobState.SUCCEEDED),
        )
        .order_by(Job.created_at)
    )
    with reading() as session:
        return [(row.id, row.kind, row.queue, row.priority) for row in session.execute(query)]
