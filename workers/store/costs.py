"""Queries on what trainings cost."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from avce.training.cost import Measured
from workers.errors import NotFoundError
from workers.records import CostRecord
from workers.states import JobState
from workers.store.tables import Job, TrainingCost


def cost_of_job(session: Session, job_id: str) -> TrainingCost:
    """The row that a job measures.

    Raises:
        NotFoundError: The job measures none.
    """
    found = session.scalar(select(TrainingCost).where(TrainingCost.job_id == job_id))
    if found is None:
        raise NotFoundError(f"job {job_id!r} measures no cost; it was not made by the client")
    return found


def cost_records(session: Session, keys: Collection[str]) -> dict[str, list[CostRecord]]:
    """By key what was measured, newest first and one per host, and what is being measured now, before those."""
    query = (
        select(TrainingCost, Job.state, Job.error)
        .join(Job, TrainingCost.job_id == Job.id)
        .where(TrainingCost.key.in_(list(keys)))
        .order_by(TrainingCost.created_at.desc(), TrainingCost.id)
    )
    live: dict[str, list[CostRecord]] = {key: [] for key in keys}
    done: dict[str, dict[str, CostRecord]] = {key: {} for key in keys}
    for row, state, error in session.execute(query):
        record, key = _record(row, state, error), row.key
        if record.measured is not None:
            done[key].setdefault(record.host, record)
        elif not record.state.is_final:
            live[key].append(record)
    return {key: [*live[key], *done[key].values()] for key in live}


def _record(row: TrainingCost, state: JobState, error: str | None) -> CostRecord:
    return CostRecord(
        id=row.id,
        created_at=row.created_at,
        job_id=row.job_id,
        state=state,
        error=error,
        host=row.host,
        measured=Measured.model_validate(row.measured) if row.measured else None,
    )
