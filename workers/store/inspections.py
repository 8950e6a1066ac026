"""Queries on inspections."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from workers.errors import NotFoundError
from workers.records import InspectionRecord
from workers.store.tables import Dataset, Inspection, Job, Run


def inspection_records(
    session: Session, *wanted: ColumnElement[bool], limit: int | None = None
) -> list[InspectionRecord]:
    """Records of inspections, newest first."""
    query = (
        select(Inspection, Job.state, Run.name, Dataset.name)
        .join(Job, Inspection.job_id == Job.id)
        .join(Run, Inspection.run_id == Run.id)
        .outerjoin(Dataset, Inspection.dataset_id == Dataset.id)
        .where(*wanted)
        .order_by(Inspection.created_at.desc(), Inspection.id)
        .limit(limit)
    )
    return [
        InspectionRecord(
            **{name: getattr(found, name) for name in InspectionRecord.model_fields if hasattr(found, name)},
            state=state,
            run_name=run_name,
            dataset_name=dataset_name,
            file_name=found.source.get("name"),
        )
        for found, state, run_name, dataset_name in session.execute(query)
    ]


def require_inspection(session: Session, inspection_id: str) -> Inspection:
    """The row of an inspection.

    Raises:
        NotFoundError: No inspection has this id.
    """
    found = session.get(Inspection, inspection_id)
    if found is None:
        raise NotFoundError(f"inspection {inspection_id!r} does not exist; see the list of inspections")
    return found


def inspection_of(session: Session, job_id: str) -> Inspection:
    """The row of the inspection that a job makes.

    Raises:
        NotFoundError: The job makes none.
    """
    found = session.scalar(select(Inspection).where(Inspection.job_id == job_id))
    if found is None:
        raise NotFoundError(f"job {job_id!r} has no inspection; it was not made by the client")
    return found
