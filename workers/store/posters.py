"""Queries on poster figures."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from workers.errors import NotFoundError
from workers.records import PosterRecord
from workers.store.tables import Job, PosterFigure


def poster_records(session: Session, *wanted: ColumnElement[bool]) -> list[PosterRecord]:
    """Records of poster figures, newest first."""
    query = (
        select(PosterFigure, Job.state)
        .join(Job, PosterFigure.job_id == Job.id)
        .where(*wanted)
        .order_by(PosterFigure.created_at.desc(), PosterFigure.id)
    )
    return [
        PosterRecord(
            **{name: getattr(row, name) for name in PosterRecord.model_fields if hasattr(row, name)},
            state=state,
        )
        for row, state in session.execute(query)
    ]


def poster_of(session: Session, job_id: str) -> PosterFigure:
    """The row of the figure that a job makes.

    Raises:
        NotFoundError: The job makes none.
    """
    found = session.scalar(select(PosterFigure).where(PosterFigure.job_id == job_id))
    if found is None:
        raise NotFoundError(f"job {job_id!r} has no poster figure; it was not made by the client")
    return found
