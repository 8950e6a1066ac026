"""All events of a trajectory as one table, and as a file beside it. Torch-free."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pandas as pd

from avce.options import Axis
from avce.video.events import Event, dwells, peaks, rises
from avce.video.trajectory import read_trajectory, write_tables

EVENT_COLUMNS = (
    "kind", "axis", "quadrant", "track", "first_frame", "last_frame", "start_ms", "end_ms", "duration_s", "value",
)  # fmt: skip
"""``axis`` is empty for a dwell, ``quadrant`` for the others; ``value`` is as in :class:`avce.video.events.Event`."""


def event_table(table: pd.DataFrame) -> pd.DataFrame:
    """Peaks, troughs, rises and falls of both axes, and dwells, in order of time.

    Args:
        table: A trajectory of one model with :data:`avce.video.points.TRAJECTORY_COLUMNS`, all faces.

    Returns:
        One row per event, :data:`EVENT_COLUMNS`.
    """
    found = [event for axis in Axis for event in (*peaks(table, axis), *rises(table, axis))] + dwells(table)
    found.sort(key=lambda event: (event.start_ms, event.end_ms, event.track, event.label))
    return pd.DataFrame([_row(event) for event in found], columns=list(EVENT_COLUMNS))


def _row(event: Event) -> tuple[object, ...]:
    is_dwell = event.kind == "dwell"
    axis, quadrant = (None, event.label) if is_dwell else (event.label, None)
    frames = (event.track, event.first_frame, event.last_frame)
    numbers = (event.start_ms, event.end_ms, event.duration_s, event.value)
    return (event.kind, axis, quadrant, *frames, *(round(one, 6) for one in numbers))


def write_events(trajectory: Path | str, path: Path | str, kind: Literal["csv", "json"] = "csv") -> None:
    """Write the events of a ``trajectory.csv``, which is not changed."""
    with Path(path).open("wb") as file:
        write_tables([event_table(read_trajectory(trajectory))], file, kind)
