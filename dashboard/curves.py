"""Curves of an analysis for the player: read once, thinned for sight, any stretch in full.

An hour of video has 108,000 frames. The page gets a few thousand of them, chosen so that no peak is lost; where the
reader looks closer, or rests, the script asks for that stretch in full (``/api/trajectory``).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from avce.video.labels import labels_on
from avce.video.one_face import one_face
from avce.video.thin import extremes
from workers import client

AXES = ("valence", "arousal")
OVERVIEW = 4000
"""About how many frames the page gets of a long video."""
MOST_IN_FULL = 8000
"""Most frames of a stretch in full."""
DECIMALS = 3
AGAIN_S = 3


@dataclass(frozen=True)
class View:
    """Which curves: all that they depend on.

    Attributes:
        analysis_id: The analysis.
        track: The face; ``None``: the largest in each frame.
        smooth_s: Window of a running mean in seconds; 0: none.
        is_calibrated: From the person's neutral face.
        version: Another one where faces were corrected or labels changed.
    """

    analysis_id: str
    track: int | None = None
    smooth_s: float = 0.0
    is_calibrated: bool = False
    version: str = ""


@dataclass(frozen=True)
class Curves:
    """One face as every run judged it; tables have equal frames, one row each.

    Attributes:
        raw: Run → values as they are.
        shown: Run → what curves show: smoothed, from neutral.
        labels: ``frame, pts_ms, valence, arousal`` on the same frames, for a video with labels.
    """

    raw: Mapping[str, pd.DataFrame]
    shown: Mapping[str, pd.DataFrame]
    labels: pd.DataFrame | None

    @property
    def frames(self) -> NDArray[np.int64]:
        """Numbers of the decoded frames."""
        return next(iter(self.raw.values()))["frame"].to_numpy(np.int64)

    def of_runs(self, runs: Sequence[str]) -> Curves:
        """The same for some of the runs, those of them that have points."""
        return Curves(
            {run: self.raw[run] for run in runs if run in self.raw},
            {run: self.shown[run] for run in runs if run in self.shown},
            self.labels,
        )

    def thinned(self, limit: int) -> dict[str, pd.DataFrame]:
        """What is shown, in about ``limit`` rows that keep every peak and gap."""
        rows = self.overview(limit)
        return {run: table.iloc[rows] for run, table in self.shown.items()}

    def rows(self, first: int, last: int) -> slice:
        """Rows of the frames from ``first`` to ``last``, both in."""
        ends = np.searchsorted(self.frames, [first, last + 1])
        return slice(int(ends[0]), int(ends[1]))

    def overview(self, limit: int = OVERVIEW) -> NDArray[np.int64]:
        """Rows that show every peak and gap."""
        tables = [*self.shown.values(), *([] if self.labels is None else [self.labels])]
        return extremes([table[axis].to_numpy(np.float64) for table in tables for axis in AXES], limit)


def read_again(view: View) -> Curves | None:
    """The curves of an analysis that still grows; read anew every few seconds, not at every touch of the page."""
    return read_once(replace(view, version=f"{view.version}.{time.monotonic() // AGAIN_S}"))


def read(view: View) -> Curves | None:
    """What is known of an analysis now; ``None`` before its first frame."""
    points = client.trajectory(
        view.analysis_id, smooth_s=view.smooth_s or None, is_calibrated=view.is_calibrated
    )
    if points.empty:
        return None
    raw = {str(run): one_face(rows, view.track) for run, rows in points.groupby("run_id", sort=False)}
    labels = client.video_labels(client.get_analysis(view.analysis_id).video.id)
    frames = next(iter(raw.values()))
    on_frames = None if labels is None else labels_on(labels, frames)
    return Curves(raw, {run: _shown(table) for run, table in raw.items()}, on_frames)


@lru_cache(maxsize=4)
def read_once(view: View) -> Curves | None:
    """The curves of a finished analysis, kept for the next look; treat the tables as frozen."""
    return read(view)


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    """What curves show in the place of the values: their running mean, and how far they are from neutral."""
    shown = table.copy(deep=False)  # columns are replaced, never written into
    for axis in AXES:
        if f"{axis}_smoothed" in table:
            shown[axis] = table[f"{axis}_smoothed"]
        if f"{axis}_calibrated" in table:
            shown[axis] = shown[axis] + table[f"{axis}_calibrated"] - table[axis]
        for limit in (f"{axis}_low", f"{axis}_high"):
            if limit in table:
                shown[limit] = shown[limit] + shown[axis] - table[axis]  # a band goes along with its curve
    return shown


def plain_points(curves: Curves, rows: slice | NDArray[np.int64], states: list[str]) -> dict[str, Any]:
    """Rows as lists for JSON, the same columns for an overview and for a stretch.

    Args:
        curves: Where from.
        rows: Which.
        states: Names of states; each frame gets the place of its own.
    """
    tables = {run: table.iloc[rows] for run, table in curves.shown.items()}
    first = next(iter(tables.values()))
    boxes = first[["x0", "y0", "x1", "y1"]].to_numpy(float)
    points: dict[str, Any] = {
        "frames": [int(frame) for frame in first["frame"]],
        "times": [round(float(time), 2) for time in first["pts_ms"]],
        "boxes": [None if np.isnan(box).any() else [round(float(edge), 1) for edge in box] for box in boxes],
        "track": [-1 if np.isnan(track) else int(track) for track in first["track"].ffill().to_numpy(float)],
        "state": [states.index(str(state)) for state in first["state"]],
        "runs": [_columns(table) for table in tables.values()],
    }
    if curves.labels is not None:
        points["runs"].append(_columns(curves.labels.iloc[rows]))
    return points


def _columns(table: pd.DataFrame) -> dict[str, list[float | None]]:
    columns = {axis: _plain(table[axis]) for axis in AXES}
    for axis in AXES:
        for limit in (f"{axis}_low", f"{axis}_high"):
            if limit in table and table[limit].notna().any():
                columns[limit] = _plain(table[limit])
    return columns


def _plain(values: pd.Series[float]) -> list[float | None]:
    """Numbers for JSON; a gap is ``None``."""
    return [None if np.isnan(value) else round(float(value), DECIMALS) for value in values.to_numpy(float)]
