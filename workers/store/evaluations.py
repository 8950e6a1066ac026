"""Queries on evaluations and their figures."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from workers.errors import NotFoundError
from workers.records import EvaluationRecord
from workers.store.plain import plain
from workers.store.tables import Dataset, Evaluation, EvaluationMetric, Job, Run

AXES = ("valence", "arousal")


def evaluation_records(session: Session, *wanted: ColumnElement[bool]) -> list[EvaluationRecord]:
    """Records of evaluations, newest first."""
    query = (
        select(Evaluation, Run.name, Dataset.name, Job)
        .join(Run, Evaluation.run_id == Run.id)
        .join(Dataset, Evaluation.dataset_id == Dataset.id)
        .join(Job, Job.evaluation_id == Evaluation.id)
        .where(*wanted)
        .order_by(Evaluation.created_at.desc(), Evaluation.id)
    )
    return [
        EvaluationRecord(
            **{name: getattr(row, name) for name in EvaluationRecord.model_fields if hasattr(row, name)},
            run_name=run_name,
            dataset_name=dataset_name,
            job_id=job.id,
            state=job.state,
            metrics=row.result,
        )
        for row, run_name, dataset_name, job in session.execute(query)
    ]


def require_evaluation(session: Session, evaluation_id: str) -> Evaluation:
    """The row of an evaluation.

    Raises:
        NotFoundError: No evaluation has this id.
    """
    evaluation = session.get(Evaluation, evaluation_id)
    if evaluation is None:
        raise NotFoundError(f"evaluation {evaluation_id!r} does not exist; see the list of evaluations")
    return evaluation


def write_result(session: Session, evaluation: Evaluation, result: dict[str, Any]) -> None:
    """Write the answer of :func:`avce.evaluation.evaluate`, whole and as one row per figure."""
    evaluation.n = int(result["n"])
    evaluation.result = plain(result)
    session.execute(delete(EvaluationMetric).where(EvaluationMetric.evaluation_id == evaluation.id))
    for axis in AXES:
        figures = evaluation.result[axis]
        bounds = figures.get("interval") or {}
        for name, value in figures.items():
            if isinstance(value, dict):
                continue
            low, high = bounds.get(name) or (None, None)
            session.add(
                EvaluationMetric(
                    evaluation_id=evaluation.id, axis=axis, name=name, value=value, low=low, high=high
                )
            )
