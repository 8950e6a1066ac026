"""Queries on runs, their curves and their checkpoints."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from workers.errors import ClientError, NotFoundError
from workers.records import RunRecord
from workers.settings import get_settings
from workers.states import JobKind, JobState
from workers.store.columns import record_columns
from workers.store.files import file_store
from workers.store.tables import Checkpoint, Dataset, Job, MetricPoint, Run

KEPT = "kept/"
"""Of a checkpoint's files, those of kept epochs begin with it: ``kept/<epoch>/<file>``."""


def run_records(session: Session, *wanted: ColumnElement[bool], limit: int | None = None) -> list[RunRecord]:
    """Records of runs, newest first; of shipped models, those that were used."""
    query = (
        select(
            *record_columns(Run, RunRecord),
            Dataset.name.label("dataset_name"),
            Job.id.label("job_id"),
            Job.group_id,
            Job.state,
            Checkpoint.id.label("checkpoint_id"),
        )
        .join(Dataset, Run.dataset_id == Dataset.id)
        .outerjoin(Job, (Job.run_id == Run.id) & (Job.kind == JobKind.TRAIN))
        .outerjoin(Checkpoint, Checkpoint.run_id == Run.id)
        .where(*wanted)
        .order_by(Run.created_at.desc(), Run.id)
        .limit(limit)
    )
    # A shipped model was made by no job.
    made = [
        dict(row) | {"state": row["state"] or JobState.SUCCEEDED} for row in session.execute(query).mappings()
    ]
    return [RunRecord(**row) for row in made]


def run_methods(session: Session, run_ids: Collection[str]) -> dict[str, str]:
    """Method of each of these runs."""
    query = select(Run.id, Run.method).where(Run.id.in_(list(run_ids)))
    return {row.id: row.method for row in session.execute(query)}


def run_record(session: Session, run_id: str) -> RunRecord:
    """The record of a run.

    Raises:
        NotFoundError: No run has this id.
    """
    found = run_records(session, Run.id == run_id)
    if not found:
        raise NotFoundError(f"run {run_id!r} does not exist; see the list of runs")
    return found[0]


def require_run(session: Session, run_id: str) -> Run:
    """The row of a run.

    Raises:
        NotFoundError: No run has this id.
    """
    run = session.get(Run, run_id)
    if run is None:
        raise NotFoundError(f"run {run_id!r} does not exist; see the list of runs")
    return run


def checkpoint_of(session: Session, run_id: str) -> Checkpoint:
    """The checkpoint of a finished run.

    Raises:
        ClientError: The run has none.
    """
    checkpoint = session.scalar(select(Checkpoint).where(Checkpoint.run_id == run_id))
    if checkpoint is None:
        run = run_record(session, run_id)
        raise ClientError(
            f"run {run.name!r} has no checkpoint (its training is {run.state.value}); train it first"
        )
    return checkpoint


def checkpoint_folder(checkpoint: Checkpoint) -> Path:
    """A local folder with the checkpoint's files, without those of kept epochs."""
    files = {name: sha256 for name, sha256 in checkpoint.files.items() if not name.startswith(KEPT)}
    return file_store().get_folder(files, get_settings().cache_folder / "checkpoints" / checkpoint.id)


def kept_files(folder: Path) -> dict[str, str]:
    """Store the checkpoints of kept epochs, where there are any; names begin with :data:`KEPT`."""
    files = file_store().put_folder(folder) if folder.is_dir() else {}
    return {f"{KEPT}{name}": sha256 for name, sha256 in files.items()}


def kept_folders(checkpoint: Checkpoint, most: int) -> list[tuple[int, Path]]:
    """Kept epochs and local folders of their checkpoints, in order; of more than ``most`` evenly chosen ones."""
    files: dict[int, dict[str, str]] = {}
    for name, sha256 in checkpoint.files.items():
        if name.startswith(KEPT):
            epoch, _, rest = name.removeprefix(KEPT).partition("/")
            files.setdefault(int(epoch), {})[rest] = sha256
    epochs = sorted(files)
    step = max(1, -(-len(epochs) // most))
    cache = get_settings().cache_folder / "checkpoints"
    return [
        (epoch, file_store().get_folder(files[epoch], cache / f"{checkpoint.id}-{epoch}"))
        for epoch in epochs[::-1][::step][::-1]
    ]


def add_points(session: Session, run_id: str, points: Sequence[tuple[str, int, float | None, float]]) -> None:
    """Write points ``(name, step, epoch, value)``; a step that a resumed run repeats replaces its point."""
    unique = {(name, step): (epoch, value) for name, step, epoch, value in points}
    rows: list[dict[str, Any]] = [
        {"run_id": run_id, "name": name, "step": step, "epoch": epoch, "value": value}
        for (name, step), (epoch, value) in unique.items()
    ]
    if not rows:
        return
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    insert = dialect.insert(MetricPoint)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["run_id", "name", "step"],
            set_={"epoch": insert.excluded.epoch, "value": insert.excluded.value},
        ),
        rows,
    )


def metric_table(session: Session, run_id: str, names: Collection[str] | None = None) -> pd.DataFrame:
    """Points of a run's curves, by name and step: ``name, step, epoch, value``."""
    columns = ["name", "step", "epoch", "value"]
    query = select(*(getattr(MetricPoint, column) for column in columns)).where(MetricPoint.run_id == run_id)
    if names is not None:
        query = query.where(MetricPoint.name.in_(list(names)))
    rows = session.execute(query.order_by(MetricPoint.name, MetricPoint.step)).all()
    return pd.DataFrame([tuple(row) for row in rows], columns=columns)


def curve_table(
    session: Session, run_ids: Collection[str], names: Collection[str], max_points: int
) -> pd.DataFrame:
    """Points of several runs, by run, name and step; every n-th of a curve with more than ``max_points``."""
    of_curve = (MetricPoint.run_id, MetricPoint.name)
    numbered = (
        select(
            MetricPoint.run_id,
            MetricPoint.name,
            MetricPoint.step,
            MetricPoint.epoch,
            MetricPoint.value,
            func.row_number().over(partition_by=of_curve, order_by=MetricPoint.step).label("place"),
            func.count().over(partition_by=of_curve).label("total"),
        )
        .where(MetricPoint.run_id.in_(list(run_ids)), MetricPoint.name.in_(list(names)))
        .subquery()
    )
    point = numbered.c
    every = (point.total + max(max_points, 1) - 1) // max(max_points, 1)
    query = (
        select(point.run_id, point.name, point.step, point.epoch, point.value)
        .where((point.place % every == 0) | (point.place == point.total))
        .order_by(point.run_id, point.name, point.step)
    )
    columns = ["run_id", "name", "step", "epoch", "value"]
    return pd.DataFrame([tuple(row) for row in session.execute(query)], columns=columns)
