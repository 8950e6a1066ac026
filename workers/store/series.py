"""What a run says of a face, packed into one row: a search over the library reads these, not millions of points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from avce.video.events import Run, runs_of
from avce.video.trajectory import trajectory_frame
from workers.store.tables import FaceSeries, TrajectoryPoint

COLUMNS = ("frame", "pts_ms", "track", "state", "valence", "arousal")
ROWS_PER_READ = 5_000


def write(session: Session, analysis_id: str) -> None:
    """Pack all faces of a complete analysis, overwriting earlier ones."""
    store(session, analysis_id, packed(session, analysis_id))


def store(session: Session, analysis_id: str, rows: Sequence[dict[str, Any]]) -> None:
    """Write what :func:`packed` made, in a short transaction."""
    drop(session, analysis_id)
    if rows:
        session.execute(insert(FaceSeries), list(rows))


def drop(session: Session, analysis_id: str) -> None:
    """Forget the packed faces of an analysis; called wherever its points go."""
    session.execute(delete(FaceSeries).where(FaceSeries.analysis_id == analysis_id))


def packed(session: Session, analysis_id: str) -> list[dict[str, Any]]:
    """Rows of :class:`FaceSeries`, one per run and face with at least one value.

    Cost: one pass over the points; the samples of one run and face in memory at a time, 32 bytes each in the result.
    """
    point = TrajectoryPoint
    query = (
        select(point.run_id, *(getattr(point, name) for name in COLUMNS))
        .where(point.analysis_id == analysis_id, point.track.is_not(None))
        .order_by(point.run_id, point.track, point.frame, point.id)
        .execution_options(yield_per=ROWS_PER_READ)
    )
    faces = groupby(session.execute(query), key=lambda row: (row.run_id, row.track))
    rows = []
    for (run_id, track), points in faces:
        runs = list(runs_of(trajectory_frame((tuple(row)[1:] for row in points), COLUMNS)))
        if runs:
            rows.append({"analysis_id": analysis_id, "run_id": run_id, "track": track, **_pack(runs)})
    return rows


def _pack(runs: Sequence[Run]) -> dict[str, Any]:
    parts = [np.stack([run.frames.astype(float), run.ms, run.valence, run.arousal]) for run in runs]
    samples = np.concatenate(parts, axis=1)
    valence, arousal = samples[2:]
    intensity = np.hypot(valence, arousal)
    stops = np.cumsum([len(run.ms) for run in runs])
    limits = {
        f"{name}_{which}": float(getattr(values, which)())
        for name, values in (("valence", valence), ("arousal", arousal), ("intensity", intensity))
        for which in ("min", "max")
    }
    return limits | {
        "pieces": [[int(stop), float(run.ends_ms[-1])] for stop, run in zip(stops, runs, strict=True)],
        "track_ms": runs[0].track_ms,
        "samples": samples.astype("<f8").tobytes(),
    }


def unpacked(track: int, pieces: Sequence[Sequence[float]], track_ms: float, samples: bytes) -> Iterator[Run]:
    """The runs that were packed, equal in every value."""
    frames, ms, valence, arousal = np.frombuffer(samples, "<f8").reshape(4, -1)
    borders: list[int] = [0, *(int(stop) for stop, _ in pieces)]
    for (first, stop), (_, end_ms) in zip(pairwise(borders), pieces, strict=True):
        own = slice(first, stop)
        ends: NDArray[np.float64] = np.append(ms[first + 1 : stop], end_ms)
        yield Run(
            track, np.arange(first, stop), frames[own].astype(np.int64), ms[own], valence[own], arousal[own],
            ends, track_ms,
        )  # fmt: skip
