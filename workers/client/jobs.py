"""Read, cancel and retry jobs."""

from __future__ import annotations

from collections.abc import Collection

from workers import lifecycle
from workers.client._door import door
from workers.dispatch import dispatch
from workers.records import JobRecord, LogLine
from workers.states import JobKind, JobState
from workers.store import jobs
from workers.store.session import reading, writing


@door
def get_job(job_id: str) -> JobRecord:
    """The job with this id, with its place in the queue."""
    with reading() as session:
        return jobs.job_record(session, job_id)


@door
def list_jobs(
    *,
    states: Collection[JobState] | None = None,
    kinds: Collection[JobKind] | None = None,
    limit: int = 200,
    offset: int = 0,
) -> list[JobRecord]:
    """Jobs, newest first, of the given states and kinds (``None``: all)."""
    with reading() as session:
        return jobs.job_records(session, states=states, kinds=kinds, limit=limit, offset=offset)


@door
def job_log(job_id: str, *, after: int = 0) -> list[LogLine]:
    """Lines of the job's log with a number above ``after``."""
    with reading() as session:
        return jobs.log_lines(session, job_id, after=after)


@door
def cancel_job(job_id: str) -> JobRecord:
    """Cancel: a queued job ends at once, a running one at its next batch or frame."""
    with writing() as session:
        lifecycle.cancel(session, job_id)
    return get_job(job_id)


@door
def retry_job(job_id: str) -> JobRecord:
    """Queue a failed or cancelled job again; it resumes where it can. Followers it stopped are queued too."""
    with writing() as session:
        again = lifecycle.retry(session, job_id)
    dispatch(again)
    return get_job(job_id)
