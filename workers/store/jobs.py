"""Queries on jobs and their logs. Changes of state are made in :mod:`workers.lifecycle`, not here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from workers.errors import ClientError, NotFoundError
from workers.people import current_name
from workers.queues import QUEUE_OF_KIND
from workers.records import JobRecord, LogLine
from workers.settings import get_settings
from workers.states import JobKind, JobState
from workers.store.plain import plain
from workers.store.tables import Job, JobLog, Worker, utc_now

MAX_PRIORITY = 9


def add_job(
    session: Session,
    kind: JobKind,
    title: str,
    *,
    options: dict[str, Any],
    priority: int = 0,
    after: str | None = None,
    **nouns: str | None,
) -> Job:
    """Write the row of a new job; the message is sent after the commit.

    Args:
        session: A writing session.
        kind: What to do.
        title: Name on the pages.
        options: Plain values that the task reads.
        priority: 0 to 9, higher first within a queue.
        after: Id of a job that must succeed first.
        nouns: ``dataset_id``, ``run_id``, … that the job is about.

    Raises:
        ClientError: Priority out of range.
        NotFoundError: No job has the id ``after``.
    """
    check_priority(priority)
    if after is not None:
        require_job(session, after)
    job = Job(
        kind=kind,
        title=title,
        queue=QUEUE_OF_KIND[kind].value,
        options=plain(options),
        priority=priority,
        after_job_id=after,
        state=JobState.QUEUED,
        started_by=current_name(),
        **nouns,
    )
    session.add(job)
    session.flush()
    return job


def check_priority(priority: int) -> None:
    """Refuse a priority that the broker does not know.

    Raises:
        ClientError: Priority out of range.
    """
    if not 0 <= priority <= MAX_PRIORITY:
        raise ClientError(f"priority: expected 0 to {MAX_PRIORITY}, got {priority}")


def require_job(session: Session, job_id: str) -> Job:
    """The row of a job.

    Raises:
        NotFoundError: No job has this id.
    """
    job = session.get(Job, job_id)
    if job is None:
        raise NotFoundError(f"job {job_id!r} does not exist; see the list of jobs")
    return job


def job_record(session: Session, job_id: str) -> JobRecord:
    """The record of a job, with its place in the queue.

    Raises:
        NotFoundError: No job has this id.
    """
    require_job(session, job_id)
    return _records(session, Job.id == job_id)[0]


def job_records(
    session: Session,
    *,
    states: Collection[JobState] | None = None,
    kinds: Collection[JobKind] | None = None,
    search: str = "",
    group_id: str | None = None,
    finished_after: datetime | None = None,
    limit: int = 200,
    offset: int = 0,
) -> list[JobRecord]:
    """Records of jobs, newest first; ``search`` looks in titles, names of people, errors and ids."""
    wanted: list[ColumnElement[bool]] = []
    if states is not None:
        wanted.append(Job.state.in_(list(states)))
    if kinds is not None:
        wanted.append(Job.kind.in_(list(kinds)))
    if group_id is not None:
        wanted.append(Job.group_id == group_id)
    if finished_after is not None:
        wanted.append(Job.finished_at > finished_after)
    for word in search.split():
        columns = (Job.title, Job.started_by, Job.error, Job.id)
        wanted.append(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    return _records(session, *wanted, limit=limit, offset=offset)


def jobs_of_analysis(session: Session, analysis_id: str, kind: JobKind) -> list[JobRecord]:
    """Jobs of one kind on an analysis, newest first."""
    return _records(session, Job.analysis_id == analysis_id, Job.kind == kind, limit=None)


def _records(
    session: Session, *wanted: ColumnElement[bool], limit: int | None = None, offset: int = 0
) -> list[JobRecord]:
    order = func.row_number().over(
        partition_by=Job.queue, order_by=(Job.priority.desc(), Job.created_at, Job.id)
    )
    waiting = (
        select(Job.id.label("job_id"), order.label("position")).where(Job.state == JobState.QUEUED).subquery()
    )
    query = (
        select(Job, waiting.c.position)
        .outerjoin(waiting, waiting.c.job_id == Job.id)
        .where(*wanted)
        .order_by(Job.created_at.desc(), Job.id)
        .offset(offset)
        .limit(limit)
    )
    return [
        JobRecord.model_validate(job).model_copy(update={"queue_position": position})
        for job, position in session.execute(query)
    ]


def add_log(session: Session, job_id: str, lines: Sequence[str]) -> None:
    """Append lines to a job's log."""
    last = session.scalar(select(func.max(JobLog.n)).where(JobLog.job_id == job_id)) or 0
    now = utc_now()
    session.add_all(
        JobLog(job_id=job_id, n=last + number, at=now, text=line)
        for number, line in enumerate(lines, start=1)
    )


def log_lines(session: Session, job_id: str, *, after: int = 0) -> list[LogLine]:
    """Lines of a job's log with a number above ``after``, in order."""
    require_job(session, job_id)
    query = select(JobLog).where(JobLog.job_id == job_id, JobLog.n > after).order_by(JobLog.n)
    return [LogLine.model_validate(line) for line in session.scalars(query)]


def idle_workers(session: Session, kind: JobKind, but: str) -> int:
    """How many other workers live that take jobs of a kind and do none now."""
    since = utc_now() - timedelta(seconds=get_settings().lease_s)
    busy = select(Job.worker).where(Job.state == JobState.RUNNING, Job.worker.is_not(None))
    query = select(Worker).where(Worker.seen_at > since, Worker.name != but, Worker.name.not_in(busy))
    return sum(QUEUE_OF_KIND[kind].value in worker.queues for worker in session.scalars(query))
