"""A chosen range of a video: its statistics, maps over it, and the range as a clip."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from avce.options import MapOptions
from avce.quadrants import QUADRANTS
from avce.video.stretch import Stretch, stretch_statistics
from dashboard import charts
from dashboard.components.frame import is_dark
from dashboard.components.guard import attempt
from dashboard.components.jobs import job_follow
from dashboard.components.tables import Cell, Row, draw_table
from dashboard.components.upload import base_path
from dashboard.curves import Curves
from dashboard.navigation import link
from dashboard.words import number
from workers import client
from workers.records import AnalysisRecord

MAP_FRAMES = 12
"""Frames whose maps stand for a range."""
CLOSE_MS = 0.5
"""No two frames are closer than this."""
HEADS = [
    ("Curve", ""),
    (
        "Valence",
        "Mean ± standard deviation over the frames of the range; below, the slope of the fitted line.",
    ),
    (
        "Arousal",
        "Mean ± standard deviation over the frames of the range; below, the slope of the fitted line.",
    ),
    *(
        (word, f"Share of the time with a value in this quadrant ({name})")
        for name, word in QUADRANTS.items()
    ),
]


def range_panel(
    analysis: AnalysisRecord,
    track: int | None,
    curves: Curves,
    series: Mapping[str, charts.Series],
    chosen: tuple[int, int],
) -> None:
    """What the range says, and what can be made of it.

    Args:
        analysis: Of which.
        track: The face; ``None``: the largest in each frame.
        curves: What is measured: values as they are, not smoothed.
        series: Run → name and colour.
        chosen: First and last frame.
    """
    rows = curves.rows(*chosen)
    tables = {run: table.iloc[rows] for run, table in curves.raw.items()}
    first = next(iter(tables.values()))
    if first.empty:
        return
    with st.container(border=True, key="video-range"):
        st.markdown(
            f"**Range**: frames {chosen[0]} to {chosen[1]}, {first['pts_ms'].iloc[0] / 1000:.2f} to"
            f" {first['pts_ms'].iloc[-1] / 1000:.2f} s"
        )
        lines = [_line(series[run].name, series[run].colour, table) for run, table in tables.items()]
        if curves.labels is not None:
            lines.append(_line("label", charts.colour_of("label", dark=is_dark()), curves.labels.iloc[rows]))
        draw_table(HEADS, lines, caption="Values as they are: not smoothed, not from neutral.")
        with st.container(horizontal=True, vertical_alignment="center"):
            _maps(analysis, track, first)
            _clip(analysis, first)
        job_follow(st.session_state.get(_job_key(analysis.id)), prefix="range")


def _line(name: str, colour: str, table: pd.DataFrame) -> Row:
    found = stretch_statistics(table)
    axes = [
        Cell(
            f"{number(one.mean, 2)} ± {number(one.sd, 2)}", below=f"slope {number(one.slope_per_s, 3)} per s"
        )
        for one in (found.valence, found.arousal)
    ]
    judged = f"{found.judged:,} of {found.frames:,} frames with a value"
    return Row([Cell(name, dot=colour, below=judged), *axes, *_dwell(found)])


def _dwell(found: Stretch) -> list[Cell]:
    total = sum(found.dwell_s.values())
    return [
        Cell(f"{seconds / total:.0%}" if total else "–", below=f"{seconds:.2f} s" if total else "")
        for seconds in found.dwell_s.values()
    ]


def _job_key(analysis_id: str) -> str:
    return f"video.range.job.{analysis_id}"


def _maps(analysis: AnalysisRecord, track: int | None, table: pd.DataFrame) -> None:
    """Maps over frames spread over the range; the gallery shows them one by one and as a mean."""
    frames = table.dropna(subset=["valence"])["frame"].to_numpy(int)
    spread = frames[np.unique(np.linspace(0, len(frames) - 1, min(MAP_FRAMES, len(frames))).astype(int))]
    if st.button(
        "Maps of this range", key=f"range.maps.{analysis.id}", icon=":material/blur_on:", disabled=not len(spread),
        help=f"Activation maps of up to {MAP_FRAMES} frames spread over the range, and their mean.",
    ):  # fmt: skip
        job = attempt(client.draw_maps, analysis.id, spread.tolist(), MapOptions(), track=track)
        if job is not None:
            st.session_state[_job_key(analysis.id)] = job.id
    frames_asked = ",".join(map(str, spread))
    link(
        "maps",
        "See them",
        icon=":material/arrow_forward:",
        query={"analysis": analysis.id, "frames": frames_asked},
    )


def clip_times(table: pd.DataFrame) -> tuple[float, float]:
    """Seconds between which exactly the frames of a range lie: just before the first and just after the last."""
    ms = table["pts_ms"].to_numpy(float)
    return max(0.0, float(ms[0] - CLOSE_MS) / 1000), float(ms[-1] + CLOSE_MS) / 1000


def _clip(analysis: AnalysisRecord, table: pd.DataFrame) -> None:
    """The range as a film of its own, with its sound."""
    start_s, stop_s = clip_times(table)
    if stop_s - start_s > client.LONGEST_CLIP_S:
        st.caption(f"As a clip: choose at most {client.LONGEST_CLIP_S:g} s.", width="content")
        return
    address = (
        f"{base_path()}/api/media/clip/{analysis.video.id}.mp4?start_s={start_s:.4f}&stop_s={stop_s:.4f}"
    )
    st.markdown(f":material/movie: [Clip of this range]({address})", width="content")
