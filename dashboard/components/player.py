"""The player: one clock for video, box, circumplex and curves; its script is ``assets/player.js``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.charts import Series
from dashboard.components.colours import frame_states
from dashboard.components.frame import asset
from dashboard.components.upload import base_path
from workers.records import AnalysisRecord

_PLAYER = st.components.v2.component(
    "avce_player", html=asset("player.html"), css=asset("player.css"), js=asset("player.js")
)
DECIMALS = 3


def _nothing() -> None:
    """Streamlit wants a callback for each value that a part reports."""


def _plain(values: pd.Series[float]) -> list[float | None]:
    """Numbers for JSON; a gap is ``None``."""
    return [None if np.isnan(value) else round(float(value), DECIMALS) for value in values.to_numpy(float)]


def player_data(
    analysis: AnalysisRecord,
    tables: Mapping[str, pd.DataFrame],
    series: Mapping[str, Series],
    seek: Mapping[str, Any],
) -> dict[str, Any]:
    """What the script needs, as plain values.

    Args:
        analysis: Video and names of runs.
        tables: Run id → rows of one face, one per frame (see :func:`avce.video.one_face.one_face`); equal frames in all.
        series: Run id → name and colour.
        seek: ``{"frame", "token"}``; a new token makes the player jump.
    """
    first = next(iter(tables.values()))
    states = frame_states()
    names = list(states)
    boxes = first[["x0", "y0", "x1", "y1"]].to_numpy(float)
    return {
        "id": analysis.id,
        "name": analysis.video.name,
        "video_url": f"{base_path()}/api/media/video/{analysis.video.id}",
        "frame_url": f"{base_path()}/api/media/frame/{analysis.video.id}",
        "width": analysis.video.width,
        "height": analysis.video.height,
        "frames": [int(frame) for frame in first["frame"]],
        "times": [round(float(time), 2) for time in first["pts_ms"]],
        "boxes": [None if np.isnan(box).any() else [round(float(edge), 1) for edge in box] for box in boxes],
        "track": [-1 if np.isnan(track) else int(track) for track in first["track"].ffill().to_numpy(float)],
        "names": names,
        "state": [names.index(str(state)) for state in first["state"]],
        "states": {name: list(words) for name, words in states.items()},
        "runs": [
            {
                "name": series[run_id].name,
                "colour": series[run_id].colour,
                "valence": _plain(table["valence"]),
                "arousal": _plain(table["arousal"]),
            }
            for run_id, table in tables.items()
        ],
        "seek": dict(seek),
    }


def player(data: Mapping[str, Any], *, key: str) -> int | None:
    """Put the player on the page; returns the frame at which it rests, once the reader has moved it."""
    result = _PLAYER(key=key, data=dict(data), default={"frame": None}, on_frame_change=_nothing)
    frame = result.frame
    return None if frame is None else int(frame)
