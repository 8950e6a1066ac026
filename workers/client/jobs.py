"""Read jobs, and cancel, retry, pause, resume and put them before others."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from workers import lifecycle, waiting
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
    search: str = "",
    group_id: str | None = None,
    finished_after: datetime | None = None,
    limit: int = 200,
    offset: int = 0,
) -> list[JobRecord]:
    """Jobs, newest first, of the given states, kinds and group (``None``: all).

    Args:
        states: Any of these.
        kinds: Any of these.
        search: Words that title, person, error or id must hold, in any case.
        group_id: Of this group.
        finished_after: Ended later than this.
        limit: At most so many.
        offset: Without so many of the newest.
    """
    with reading() as session:
        return jobs.job_records(
            session,
            states=states,
            kinds=kinds,
            search=search,
            group_id=group_id,
            finished_after=finished_after,
            limit=limit,
            offset=offset,
        )


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


@door
def pause_job(job_id: str) -> JobRecord:
    """Pause: a queued job waits at its place, a running one stops at its next batch or frame and goes on later."""
    with writing() as session:
        waiting.pause(session, job_id)
    return get_job(job_id)


@door
def resume_job(job_id: str) -> JobRecord:
    """Let a paused job go on, at its place in the queue and from where it was."""
    with writing() as session:
        waiting.resume(session, job_id)
    dispatch([job_id])
    return get_job(job_id)


@door
def set_priority(job_id: str, priority: int) -> JobRecord:
    """Put a job that waits before those of lower priority (0 to 9)."""
    with writing() as session:
        waiting.prioritise(session, job_id, priority)
    dispatch([job_id])
    return get_job(job_id)
