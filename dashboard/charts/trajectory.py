"""Valence and arousal over time, one row each, gaps left open, with a playhead."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.charts.theme import AXIS_COLOURS, MAX_POINTS, PLAYHEAD, Series, colour_of, note, styled
from dashboard.charts.thin import Run, is_alone, segments, sorted_runs, thinned

PLAYHEAD_NAME = "playhead"
"""Name of the playhead's shape, for scripts that move it without drawing the chart again."""


def trajectory_curves(
    table: pd.DataFrame,
    *,
    series: Mapping[str, Series] | None = None,
    labels: pd.DataFrame | None = None,
    playhead_ms: float | None = None,
    dark: bool = False,
    height: int = 420,
) -> go.Figure:
    """Curves over each frame's own time stamp.

    Args:
        table: A trajectory: ``frame, pts_ms, state, valence, arousal`` and, where there are several,
            ``run_id`` and ``track``. Frames without a face are gaps; nothing is drawn across them. With
            ``valence_low, valence_high, arousal_low, arousal_high`` a band is drawn behind each curve.
        series: Name and system per ``run_id``. A single run without one is drawn in the colours of the axes.
        labels: Ground truth with ``frame, pts_ms, valence, arousal``, drawn in grey.
        playhead_ms: Time of the frame in sight, a dashed line through both rows.
        dark: Whether the page is dark.
        height: In pixels.

    Returns:
        Each curve's ``customdata`` holds frame numbers, so that a click can seek.
    """
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    if labels is not None:
        rows = labels.assign(state="") if "state" not in labels else labels
        run = Run(
            "label", colour_of("label", dark=dark), "label", is_first=True, rows=rows.sort_values("pts_ms")
        )
        _curve(figure, run, width=3.0, colours=None)
    runs = list(sorted_runs(table, series, dark=dark))
    alone = series is None and labels is None and len({run.name for run in runs}) == 1
    for run in runs:
        _curve(figure, run, width=1.6, colours=AXIS_COLOURS if alone else None)
    styled(figure, height=height, legend=not alone)
    figure.update_yaxes(range=[-1.05, 1.05], dtick=0.5)
    for row, axis in enumerate(("valence", "arousal"), start=1):
        figure.update_yaxes(title_text=axis, row=row, col=1)
    figure.update_xaxes(title_text="time (s)", row=2, col=1)
    figure.update_layout(hovermode="x unified")
    if playhead_ms is not None:
        add_playhead(figure, playhead_ms)
    return figure if figure.data else note(figure, "no face with a value in this stretch")


def add_playhead(figure: go.Figure, playhead_ms: float) -> None:
    """A dashed line over the whole height of a chart whose x axis is seconds."""
    at = playhead_ms / 1000
    figure.add_shape(
        type="line", name=PLAYHEAD_NAME, x0=at, x1=at, y0=0, y1=1, xref="x", yref="paper",
        line={"color": PLAYHEAD, "width": 1.5, "dash": "dash"},
    )  # fmt: skip


def _curve(figure: go.Figure, run: Run, *, width: float, colours: Mapping[str, str] | None) -> None:
    rows = segments(run.rows)
    for row, axis in enumerate(("valence", "arousal"), start=1):
        shown = thinned(rows, axis, MAX_POINTS)
        colour = colours[axis] if colours else run.colour
        _band(figure, shown, axis, colour, name=run.name, row=row)
        figure.add_trace(
            go.Scattergl(
                x=shown["pts_ms"] / 1000, y=shown[axis], customdata=shown["frame"], mode="lines+markers",
                name=run.name, legendgroup=run.name, showlegend=run.is_first and row == 1, connectgaps=False,
                line={"color": colour, "width": width},
                marker={"color": colour, "size": np.where(is_alone(shown[axis]), 4, 0), "line": {"width": 0}},
                hovertemplate="%{y:.3f} (frame %{customdata})<extra>" + run.name + "</extra>",
            ),
            row=row, col=1,
        )  # fmt: skip


def _band(figure: go.Figure, rows: pd.DataFrame, axis: str, colour: str, *, name: str, row: int) -> None:
    """The area between low and high, one polygon for each stretch without a gap."""
    if f"{axis}_low" not in rows or rows[f"{axis}_low"].isna().all():
        return
    known = rows[f"{axis}_low"].notna().to_numpy()
    x: list[float | None] = []
    y: list[float | None] = []
    for start, stop in pairwise(np.flatnonzero(np.diff(known, prepend=False, append=False))):
        part = rows.iloc[start:stop]
        if known[start]:
            seconds = (part["pts_ms"] / 1000).tolist()
            x += [*seconds, *reversed(seconds), None]
            y += [*part[f"{axis}_low"], *reversed(part[f"{axis}_high"].tolist()), None]
    figure.add_trace(
        go.Scatter(
            x=x, y=y, fill="toself", mode="none", fillcolor=colour, opacity=0.18, name=name, legendgroup=name,
            showlegend=False, hoverinfo="skip",
        ),
        row=row, col=1,
    )  # fmt: skip
