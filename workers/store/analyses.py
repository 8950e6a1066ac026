"""Queries on analyses: trajectories, tracks and activation maps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Select, delete, func, insert, select
from sqlalchemy.orm import Session

from avce.metrics.conformal import BAND_COLUMNS
from avce.video.edits import Edits
from avce.video.neutral import calibrated
from avce.video.points import TRAJECTORY_COLUMNS
from avce.video.smooth import smoothed
from avce.video.trajectory import trajectory_frame
from workers.errors import ClientError, NotFoundError
from workers.records import AnalysisRecord, MapRecord, VideoRecord
from workers.states import JobKind
from workers.store import series
from workers.store.tables import (
    ActivationMap,
    Analysis,
    AnalysisRun,
    Checkpoint,
    FaceTrack,
    Job,
    Run,
    TrajectoryPoint,
    Video,
)
from workers.store.tracks import edits_of, neutral_of

ROWS_PER_READ = 5_000
POINT_COLUMNS = (*TRAJECTORY_COLUMNS, *BAND_COLUMNS)
"""Columns of a trajectory in the database."""
NO_EDITS = Edits()


def analysis_records(session: Session, *wanted: ColumnElement[bool]) -> list[AnalysisRecord]:
    """Records of analyses, newest first."""
    query = (
        select(Analysis, Video, Job)
        .join(Video, Analysis.video_id == Video.id)
        .join(Job, (Job.analysis_id == Analysis.id) & (Job.kind == JobKind.ANALYZE))
        .where(*wanted)
        .order_by(Analysis.created_at.desc(), Analysis.id)
    )
    found = session.execute(query).all()
    runs = _runs_of(session, [analysis.id for analysis, _, _ in found])
    records = []
    for analysis, video, job in found:
        members = runs.get(analysis.id, [])
        records.append(
            AnalysisRecord(
                id=analysis.id,
                video=VideoRecord.model_validate(video),
                job_id=job.id,
                state=job.state,
                created_at=analysis.created_at,
                options=analysis.options,
                run_ids=[run_id for run_id, _, _ in members],
                names=[name for _, name, _ in members],
                checkpoint_ids=[checkpoint_id or "" for _, _, checkpoint_id in members],
                summary=analysis.summary,
            )
        )
    return records


def _runs_of(session: Session, analysis_ids: Sequence[str]) -> dict[str, list[tuple[str, str, str | None]]]:
    query = (
        select(AnalysisRun.analysis_id, Run.id, Run.name, Checkpoint.id)
        .join(Run, AnalysisRun.run_id == Run.id)
        .outerjoin(Checkpoint, Checkpoint.run_id == Run.id)
        .where(AnalysisRun.analysis_id.in_(analysis_ids))
        .order_by(AnalysisRun.analysis_id, AnalysisRun.position)
    )
    runs: dict[str, list[tuple[str, str, str | None]]] = {}
    for analysis_id, run_id, name, checkpoint_id in session.execute(query):
        runs.setdefault(analysis_id, []).append((run_id, name, checkpoint_id))
    return runs


def analysis_record(session: Session, analysis_id: str) -> AnalysisRecord:
    """The record of an analysis.

    Raises:
        NotFoundError: No analysis has this id.
    """
    found = analysis_records(session, Analysis.id == analysis_id)
    if not found:
        raise NotFoundError(f"analysis {analysis_id!r} does not exist; see the list of analyses")
    return found[0]


def run_in(session: Session, analysis_id: str, run_id: str | None) -> str:
    """The run to read: the one asked for, or the first of the analysis.

    Raises:
        ClientError: The run took no part in the analysis.
    """
    record = analysis_record(session, analysis_id)
    if run_id is not None and run_id not in record.run_ids:
        raise ClientError(
            f"run {run_id!r} took no part in analysis {analysis_id}; it has {', '.join(record.run_ids)}"
        )
    return run_id or record.run_ids[0]


def clear_points(session: Session, analysis_id: str) -> None:
    """Remove what an earlier, unfinished attempt wrote."""
    session.execute(delete(TrajectoryPoint).where(TrajectoryPoint.analysis_id == analysis_id))
    session.execute(delete(FaceTrack).where(FaceTrack.analysis_id == analysis_id))
    series.drop(session, analysis_id)


def add_points(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Write many points at once; PostgreSQL takes them as one COPY, in the same transaction."""
    if not rows:
        return
    if session.get_bind().dialect.name != "postgresql":
        session.execute(insert(TrajectoryPoint), list(rows))
        return
    names = list(rows[0])
    copy = f"COPY {TrajectoryPoint.__tablename__} ({', '.join(names)}) FROM STDIN"
    driver: Any = session.connection().connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(copy) as into:
        for row in rows:
            into.write_row([row[name] for name in names])


def write_tracks(session: Session, analysis_id: str) -> None:
    """Sum up the points into one row per face, overwriting earlier ones."""
    session.execute(delete(FaceTrack).where(FaceTrack.analysis_id == analysis_id))
    grouped = (
        select(
            TrajectoryPoint.analysis_id,
            TrajectoryPoint.track,
            func.min(TrajectoryPoint.frame),
            func.max(TrajectoryPoint.frame),
            func.count(func.distinct(TrajectoryPoint.frame)),
        )
        .where(TrajectoryPoint.analysis_id == analysis_id, TrajectoryPoint.track.is_not(None))
        .group_by(TrajectoryPoint.analysis_id, TrajectoryPoint.track)
    )
    columns = ["analysis_id", "track", "first_frame", "last_frame", "n_points"]
    session.execute(insert(FaceTrack).from_select(columns, grouped))


def _points(analysis_id: str, run_id: str) -> Select[Any]:
    query = select(*(getattr(TrajectoryPoint, name) for name in POINT_COLUMNS)).where(
        TrajectoryPoint.analysis_id == analysis_id, TrajectoryPoint.run_id == run_id
    )
    return query.order_by(TrajectoryPoint.frame, TrajectoryPoint.track, TrajectoryPoint.id)


def trajectory_table(
    session: Session,
    analysis_id: str,
    run_ids: Sequence[str],
    *,
    track: int | None,
    max_points: int | None,
    edits: Edits = NO_EDITS,
    smooth_s: float | None = None,
    is_calibrated: bool = False,
) -> pd.DataFrame:
    """Points as a table; more than ``max_points`` are thinned to every n-th frame, in SQL unless smoothed."""
    tables = []
    for run_id in run_ids:
        query = _points(analysis_id, run_id)
        if track is not None:
            query = query.where(TrajectoryPoint.track.in_(edits.members(track)))
        step = 1
        if max_points is not None:
            count = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
            step = -(-count // max(max_points, 1))
        if step > 1 and smooth_s is None:
            query = query.where(TrajectoryPoint.frame % step == 0)
        table = edits.apply(_table(session.execute(query)))
        if smooth_s is not None:
            # A mean over what was left out would be another mean: thin afterwards.
            table = pd.concat([table, smoothed(table, smooth_s)], axis=1)
            table = table[table["frame"] % max(step, 1) == 0]
        if is_calibrated:
            table = pd.concat([table, calibrated(table, neutral_of(session, analysis_id, run_id))], axis=1)
        tables.append(table.assign(run_id=run_id))
    return pd.concat(tables, ignore_index=True)


def _table(rows: Iterable[Any]) -> pd.DataFrame:
    return trajectory_frame([tuple(row) for row in rows], POINT_COLUMNS)


def points_of_frames(
    session: Session, analysis_id: str, run_id: str, frames: Sequence[int], track: int | None
) -> list[TrajectoryPoint]:
    """Points with a box in the given frames."""
    query = select(TrajectoryPoint).where(
        TrajectoryPoint.analysis_id == analysis_id,
        TrajectoryPoint.run_id == run_id,
        TrajectoryPoint.frame.in_(frames),
        TrajectoryPoint.x0.is_not(None),
        TrajectoryPoint.track.is_not(None),
    )
    if track is not None:
        query = query.where(TrajectoryPoint.track.in_(edits_of(session, analysis_id).members(track)))
    return list(session.scalars(query.order_by(TrajectoryPoint.frame, TrajectoryPoint.track)))


def iterate_tables(
    session: Session, analysis_id: str, run_id: str, edits: Edits = NO_EDITS
) -> Iterator[pd.DataFrame]:
    """All points of one run, as corrected, a table of some thousand rows at a time; at least one table."""
    result = session.execute(_points(analysis_id, run_id).execution_options(yield_per=ROWS_PER_READ))
    for rows in _whole_frames(result):
        yield edits.apply(_table(rows))


def _whole_frames(rows: Iterable[Any]) -> Iterator[list[Any]]:
    """Rows in portions that never part the rows of one frame."""
    portion: list[Any] = []
    for row in rows:
        if len(portion) >= ROWS_PER_READ and row.frame != portion[-1].frame:
            yield portion
            portion = []
        portion.append(row)
    yield portion


def points_with_maps(session: Session, analysis_id: str) -> pd.DataFrame:
    """``run_id, frame, track, valence, arousal`` of the faces that have maps."""
    has_map = select(ActivationMap.frame).where(ActivationMap.analysis_id == analysis_id)
    columns = ("run_id", "frame", "track", "valence", "arousal")
    query = select(*(getattr(TrajectoryPoint, name) for name in columns)).where(
        TrajectoryPoint.analysis_id == analysis_id,
        TrajectoryPoint.frame.in_(has_map),
        TrajectoryPoint.valence.is_not(None),
    )
    return pd.DataFrame([tuple(row) for row in session.execute(query)], columns=list(columns))


def map_records(session: Session, *wanted: ColumnElement[bool]) -> list[MapRecord]:
    """Records of activation maps, by frame, face, run, axis and head."""
    query = (
        select(ActivationMap, Run.name)
        .join(Run, ActivationMap.run_id == Run.id)
        .where(*wanted)
        .order_by(
            ActivationMap.frame,
            ActivationMap.track,
            Run.created_at,
            ActivationMap.axis.desc(),
            ActivationMap.head,
        )
    )
    return [
        MapRecord(
            **{name: getattr(row, name) for name in MapRecord.model_fields if hasattr(row, name)}, name=name
        )
        for row, name in session.execute(query)
    ]
