"""The player: one clock for video, box, circumplex and curves; its script is ``assets/player.js`` with two parts beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from dashboard.charts import Series, colour_of
from dashboard.components.colours import frame_states
from dashboard.components.frame import asset, is_dark
from dashboard.components.upload import base_path
from dashboard.curves import MOST_IN_FULL, Curves, View, plain_points
from workers.records import AnalysisRecord

_PLAYER = st.components.v2.component(
    "avce_player",
    html=asset("player.html"),
    css=asset("player.css"),
    js="\n".join(asset(name) for name in ("player_points.js", "player_drawing.js", "player.js")),
)


@dataclass(frozen=True)
class Rest:
    """Where the reader has left the player.

    Attributes:
        frame: The frame at which it rests; ``None`` until it was moved.
        chosen: First and last frame of the chosen range, both in; ``None`` without one.
    """

    frame: int | None = None
    chosen: tuple[int, int] | None = None


def _nothing() -> None:
    """Streamlit wants a callback for each value that a part reports."""


def stretch_address(view: View) -> str:
    """Where the script finds any stretch of the curves in full; it adds ``first`` and ``last``."""
    values = {
        "track": -1 if view.track is None else view.track,
        "smooth_s": view.smooth_s,
        "calibrated": int(view.is_calibrated),
        "version": view.version,
    }
    return f"{base_path()}/api/trajectory/{view.analysis_id}?{urlencode(values)}"


def player_data(
    analysis: AnalysisRecord,
    curves: Curves,
    series: Mapping[str, Series],
    seek: Mapping[str, Any],
    *,
    stretch_url: str = "",
    has_band: bool = True,
    chosen: tuple[int, int] | None = None,
) -> dict[str, Any]:
    """What the script needs, as plain values.

    Args:
        analysis: Video and names of runs.
        curves: One face as every run judged it.
        series: Run id → name and colour.
        seek: ``{"frame", "token"}``; a new token makes the player jump.
        stretch_url: See :func:`stretch_address`; needed where a video is too long to be sent whole.
        has_band: Shade the disagreement between models.
        chosen: First and last frame of the range, for a player that is put on the page anew.
    """
    states = frame_states()
    points = plain_points(curves, curves.overview(), list(states))
    looks = [{"name": series[run].name, "colour": series[run].colour, "kind": "model"} for run in curves.raw]
    if curves.labels is not None:
        looks.append({"name": "label", "colour": colour_of("label", dark=is_dark()), "kind": "label"})
    is_thinned = len(points["frames"]) < len(next(iter(curves.raw.values())))
    return {
        "id": analysis.id,
        "name": analysis.video.name,
        "video_url": f"{base_path()}/api/media/video/{analysis.video.id}",
        "frame_url": f"{base_path()}/api/media/frame/{analysis.video.id}",
        "stretch_url": stretch_url if is_thinned else "",
        "most": MOST_IN_FULL,
        "width": analysis.video.width,
        "height": analysis.video.height,
        "names": list(states),
        "states": {name: list(words) for name, words in states.items()},
        "looks": looks,
        "points": points,
        "has_band": has_band,
        "seek": dict(seek),
        "range": None if chosen is None else list(chosen),
    }


def player(data: Mapping[str, Any], *, key: str) -> Rest:
    """Put the player on the page; returns where the reader has left it."""
    result = _PLAYER(
        key=key,
        data=dict(data),
        default={"frame": None, "range": data["range"]},
        on_frame_change=_nothing,
        on_range_change=_nothing,
    )
    first, last = result.range or (None, None)
    chosen = None if first is None or last is None else (int(first), int(last))
    return Rest(None if result.frame is None else int(result.frame), chosen)
