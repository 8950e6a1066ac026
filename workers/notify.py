"""Tell the webhook of each job that ends: one POST of JSON, tried again until the other side says yes.

The rows remember who was told, so a restart loses no message; the other side may get one twice (its answer was lost)
and can tell by ``job`` and ``finished_at``.
"""

from __future__ import annotations

import json
import logging
import urllib.request
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any

from sqlalchemy import select, update

from workers.settings import get_settings
from workers.states import JobKind, JobState
from workers.store.session import reading, writing
from workers.store.tables import Job, utc_now

log = logging.getLogger(__name__)
FINAL = tuple(state for state in JobState if state.is_final)
SILENT = (JobKind.SEGMENT,)
"""Helpers of another job; nobody started them."""
MAX_TRIES = 8
FIRST_WAIT_S = 2.0
NEWS_S = 3600.0
"""What ended longer ago is no news: a webhook that is set later does not get the whole history."""
PATIENCE_S = 5.0


def notify() -> int:
    """Send what is due; returns how many were accepted. Without a webhook it does nothing."""
    url = get_settings().webhook_url
    if not url:
        return 0
    told = 0
    for job_id, message in _due():
        problem = post(url, message)
        told += problem is None
        with writing() as session:
            values: dict[str, Any] = (
                {"notified_at": utc_now()} if problem is None else {"notify_tries": Job.notify_tries + 1}
            )
            session.execute(update(Job).where(Job.id == job_id).values(**values))
        if problem is not None:
            log.warning("webhook: job %s could not be told (%s)", job_id, problem)
    return told


def post(url: str, message: dict[str, Any]) -> str | None:
    """Send one message; ``None`` when it was accepted (2xx), else why not."""
    try:
        request = urllib.request.Request(  # noqa: S310 (the operator's own setting)
            url,
            data=json.dumps(message).encode(),
            headers={"Content-Type": "application/json", "User-Agent": "avce-studio"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_S):  # noqa: S310
            return None
    except (OSError, HTTPException, ValueError) as error:
        return f"{type(error).__name__}: {error}"


def wait_s(tries: int) -> float:
    """How long after the end of a job a try is due: at once, then after 2, 6, 14, … seconds."""
    return FIRST_WAIT_S * float(2**tries - 1)


def _due() -> list[tuple[str, dict[str, Any]]]:
    now = utc_now()
    query = (
        select(Job)
        .where(
            Job.state.in_(FINAL),
            Job.kind.not_in(SILENT),
            Job.notified_at.is_(None),
            Job.notify_tries < MAX_TRIES,
            Job.finished_at > now - timedelta(seconds=NEWS_S),
        )
        .order_by(Job.finished_at)
        .limit(20)
    )
    with reading() as session:
        return [
            (job.id, _message(job))
            for job in session.scalars(query)
            if job.finished_at and job.finished_at + timedelta(seconds=wait_s(job.notify_tries)) <= now
        ]


def _message(job: Job) -> dict[str, Any]:
    def time(moment: datetime | None) -> str | None:
        return None if moment is None else moment.isoformat()

    return {
        "job": job.id,
        "kind": job.kind.value,
        "state": job.state.value,
        "title": job.title,
        "started_by": job.started_by,
        "error": job.error,
        "started_at": time(job.started_at),
        "finished_at": time(job.finished_at),
        "run": job.run_id,
        "group": job.group_id,
    }
