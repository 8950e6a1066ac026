"""Queries on inspections."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from workers.errors import NotFoundError
from workers.records import InspectionRecord
from workers.store.columns import record_columns
from workers.store.tables import Dataset, Inspection, Job, Run


def inspection_records(
    session: Session, *wanted: ColumnElement[bool], limit: int | None = None, is_brief: bool = False
) -> list[InspectionRecord]:
    """Records of inspections, newest first; brief ones are read without their ``result``."""
    query = (
        select(
            *(
                column
                for column in record_columns(Inspection, InspectionRecord)
                if not (is_brief and column.key == "result")
            ),
            Inspection.source["name"].as_string().label("file_name"),
            Job.state,
            Run.name.label("run_name"),
            Dataset.name.label("dataset_name"),
        )
        .join(Job, Inspection.job_id == Job.id)
        .join(Run, Inspection.run_id == Run.id)
        .outerjoin(Dataset, Inspection.dataset_id == Dataset.id)
        .where(*wanted)
        .order_by(Inspection.created_at.desc(), Inspection.id)
        .limit(limit)
    )
    return [InspectionRecord(**row) for row in session.execute(query).mappings()]


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
