"""Queries on evaluations and their figures."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from avce.options import Split
from workers.errors import NotFoundError
from workers.records import EvaluationRecord
from workers.store.columns import record_columns
from workers.store.plain import plain
from workers.store.tables import Checkpoint, Dataset, Evaluation, EvaluationMetric, Job, Run

AXES = ("valence", "arousal")


BRIEF = ("data", "zero_labels")
"""Of an evaluation's answer, what says with which others it may be compared."""


def evaluation_records(
    session: Session, *wanted: ColumnElement[bool], limit: int | None = None, is_brief: bool = False
) -> list[EvaluationRecord]:
    """Records of evaluations, newest first.

    Args:
        session: Any.
        wanted: Conditions.
        limit: At most so many.
        is_brief: ``metrics`` hold :data:`BRIEF` alone, taken out by the database: a long list stays quick.
    """
    answer = (
        [Evaluation.result[name].as_string().label(name) for name in BRIEF]
        if is_brief
        else [Evaluation.result.label("metrics")]
    )
    query = (
        select(
            *record_columns(Evaluation, EvaluationRecord),
            Run.name.label("run_name"),
            Dataset.name.label("dataset_name"),
            Job.id.label("job_id"),
            Job.state,
            *answer,
        )
        .join(Run, Evaluation.run_id == Run.id)
        .join(Dataset, Evaluation.dataset_id == Dataset.id)
        .join(Job, Job.evaluation_id == Evaluation.id)
        .where(*wanted)
        .order_by(Evaluation.created_at.desc(), Evaluation.id)
        .limit(limit)
    )
    return [_record(dict(row)) for row in session.execute(query).mappings()]


def _record(row: dict[str, Any]) -> EvaluationRecord:
    if "metrics" not in row:
        known = {name: row.pop(name) for name in BRIEF}
        row["metrics"] = {name: value for name, value in known.items() if value is not None}
    return EvaluationRecord(**row)


def require_evaluation(session: Session, evaluation_id: str) -> Evaluation:
    """The row of an evaluation.

    Raises:
        NotFoundError: No evaluation has this id.
    """
    evaluation = session.get(Evaluation, evaluation_id)
    if evaluation is None:
        raise NotFoundError(f"evaluation {evaluation_id!r} does not exist; see the list of evaluations")
    return evaluation


def band_of(session: Session, run_id: str) -> dict[str, Any] | None:
    """How far a run's values may be off: by its newest evaluation on faces it did not learn from, test before val."""
    query = (
        select(Evaluation)
        .join(Checkpoint, Checkpoint.id == Evaluation.checkpoint_id)
        .where(Evaluation.run_id == run_id, Evaluation.split != Split.TRAIN.value)
        .order_by(Evaluation.split != Split.TEST.value, Evaluation.created_at.desc())
    )
    found = (row.result.get("band") for row in session.scalars(query))
    return next((band for band in found if band), None)


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
