"""Is everything up?"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from avce.weights import SHIPPED
from workers.app import connection
from workers.client._door import door
from workers.dispatch import BROKER_ERRORS
from workers.records import WorkerRecord
from workers.settings import get_settings
from workers.states import JobState
from workers.store import shipped
from workers.store.files import file_store
from workers.store.session import reading
from workers.store.tables import Job, Worker, utc_now


@door
def workers_status() -> list[WorkerRecord]:
    """Worker processes; those silent for longer than a lease count as gone."""
    silent_since = utc_now() - timedelta(seconds=get_settings().lease_s)
    query = (
        select(Worker, Job.id)
        .outerjoin(Job, (Job.worker == Worker.name) & (Job.state == JobState.RUNNING))
        .order_by(Worker.name)
    )
    with reading() as session:
        return [
            WorkerRecord(
                name=worker.name,
                queues=worker.queues,
                alive=worker.seen_at > silent_since,
                current_job_id=job_id,
                seen_at=worker.seen_at,
            )
            for worker, job_id in session.execute(query)
        ]


def health() -> dict[str, str]:
    """``{"database", "broker", "files"}`` and a shipped model each, ``ok`` or the reason why not."""
    models = {f"{name} model": shipped.problem(name) or "ok" for name in SHIPPED}
    return {"database": _database(), "broker": _broker(), "files": _files(), **models}


def _database() -> str:
    try:
        with reading() as session:
            session.execute(select(Job.id).limit(1)).all()
    except SQLAlchemyError as error:
        return f"does not answer: {error}"
    return "ok"


def _broker() -> str:
    try:
        with connection() as opened:
            opened.ensure_connection(max_retries=1, interval_start=0, timeout=2)
    except BROKER_ERRORS as error:
        return f"does not answer at {get_settings().broker}: {error}"
    return "ok"


def _files() -> str:
    store = file_store()
    try:
        store.filesystem.makedirs(store.root, exist_ok=True)
        store.filesystem.ls(store.root)
    except OSError as error:
        return f"cannot be read: {error}"
    return "ok"
