"""The plane of valence and arousal: axes through the origin, unit circle, a word per quadrant."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.charts.theme import (
    LINE,
    MAX_POINTS,
    MUTED,
    PLAYHEAD,
    SPLIT_COLOURS,
    SPLIT_NAMES,
    Series,
    note,
    styled,
)
from dashboard.charts.thin import segments, sorted_runs, thinned

QUADRANT_WORDS = {(1, 1): "happy", (-1, 1): "fear", (-1, -1): "sad", (1, -1): "pleasant"}
"""The poster's word for each sign of (valence, arousal)."""

_INK = "43, 108, 176"
_CELL = "valence %{x:.2f}<br>arousal %{y:.2f}<br>%{customdata} samples<extra></extra>"


def label_density(
    points: pd.DataFrame,
    *,
    bins: int = 40,
    height: int = 440,
    can_choose: bool = False,
) -> go.Figure:
    """How many labels lie where, in square cells; empty cells stay clear.

    Args:
        points: Columns ``valence, arousal``; rows with a missing value are left out.
        bins: Cells per axis, over [-1, 1].
        height: In pixels.
        can_choose: A click selects the cell below it.
    """
    known = points[["valence", "arousal"]].dropna().to_numpy(np.float64)
    edges = np.linspace(-1, 1, bins + 1)
    counts, _ = np.histogramdd(known.clip(-1, 1), bins=[edges, edges])
    middles = (edges[:-1] + edges[1:]) / 2
    figure = go.Figure(
        go.Heatmap(
            x=middles,
            y=middles,
            z=np.where(
                counts.T > 0, np.log10(counts.T, where=counts.T > 0, out=np.zeros_like(counts)), np.nan
            ),
            customdata=counts.T.astype(int),
            colorscale=[[0, f"rgba({_INK}, 0.35)"], [1, f"rgba({_INK}, 1)"]],
            colorbar=_count_bar(int(counts.max())),
            hovertemplate=_CELL,
            hoverongaps=False,
            zmin=0,
        )
    )
    framed(figure, height=height, legend=False)
    if can_choose:
        _selectable(figure, middles, counts)
    return figure if len(known) else note(figure, "no labels")


def _selectable(figure: go.Figure, middles: NDArray[np.float64], counts: NDArray[np.float64]) -> None:
    """Marks on the cells that hold labels, seen when chosen: heat maps themselves cannot be selected."""
    valence, arousal = np.nonzero(counts)
    seen, clear = {"marker": {"opacity": 1, "color": PLAYHEAD}}, {"marker": {"opacity": 0}}
    figure.add_scatter(
        x=middles[valence], y=middles[arousal], mode="markers", showlegend=False,
        customdata=counts[valence, arousal].astype(int), hovertemplate=_CELL,
        marker={"symbol": "square", "size": 11, "opacity": 0}, selected=seen, unselected=clear,
    )  # fmt: skip
    figure.update_layout(dragmode="pan", clickmode="event+select")  # while dragging selects, clicks do not


def label_scatter(points: pd.DataFrame, *, height: int = 440, seed: int = 0) -> go.Figure:
    """One dot per sample, coloured by split.

    Args:
        points: Columns ``valence, arousal, split``; more than the largest trace allows are sampled, seeded.
        height: In pixels.
        seed: Of that sampling.
    """
    figure = go.Figure()
    known = points.dropna(subset=["valence", "arousal"])
    split = known["split"].fillna("") if "split" in known else pd.Series("", index=known.index)
    for name in ("train", "val", "test", ""):
        part = known[split == name]
        if part.empty:
            continue
        shown = part.sample(min(len(part), MAX_POINTS), random_state=seed)
        figure.add_scattergl(
            x=shown["valence"],
            y=shown["arousal"],
            mode="markers",
            name=f"{SPLIT_NAMES[name]} ({len(part):,})",
            marker={"size": 5, "opacity": 0.55, "color": SPLIT_COLOURS.get(name, MUTED)},
            hovertemplate="valence %{x:.2f}<br>arousal %{y:.2f}<extra></extra>",
        )
    framed(figure, height=height, legend=True)
    return figure if len(known) else note(figure, "no labels")


def circumplex_path(
    table: pd.DataFrame,
    *,
    series: Mapping[str, Series] | None = None,
    playhead_ms: float | None = None,
    dark: bool = False,
    height: int = 440,
) -> go.Figure:
    """The path of each run over the plane; a gap in time is a gap in the path.

    Args:
        table: A trajectory: ``frame, pts_ms, state, valence, arousal`` and, where there are several,
            ``run_id`` and ``track``.
        series: Name and colour per ``run_id``.
        playhead_ms: Draw a dot at the last value at or before this time, unless that moment has no face.
        dark: Whether the page is dark.
        height: In pixels.
    """
    figure = go.Figure()
    for run in sorted_runs(table, series, dark=dark):
        rows = thinned(segments(run.rows), "valence", MAX_POINTS)
        figure.add_scattergl(
            x=rows["valence"], y=rows["arousal"], mode="lines", name=run.name, legendgroup=run.name,
            showlegend=run.is_first, line={"color": run.colour, "width": 1.3}, opacity=0.7,
            customdata=rows["pts_ms"] / 1000,
            hovertemplate="%{customdata:.2f} s<br>valence %{x:.2f}<br>arousal %{y:.2f}<extra>" + run.name + "</extra>",
        )  # fmt: skip
        now = _at(run.rows, playhead_ms)
        if now is not None:
            figure.add_scatter(
                x=[now["valence"]], y=[now["arousal"]], mode="markers", legendgroup=run.name, showlegend=False,
                name=run.name, marker={"size": 13, "color": run.colour, "line": {"color": PLAYHEAD, "width": 2}},
                hovertemplate="now<br>valence %{x:.2f}<br>arousal %{y:.2f}<extra>" + run.name + "</extra>",
            )  # fmt: skip
    framed(figure, height=height, legend=True)
    return figure if figure.data else note(figure, "no face with a value in this stretch")


def _at(rows: pd.DataFrame, playhead_ms: float | None) -> pd.Series | None:
    """The row under the playhead, if it has a value."""
    if playhead_ms is None or rows.empty:
        return None
    place = int(np.searchsorted(rows["pts_ms"].to_numpy(np.float64), playhead_ms, side="right")) - 1
    row = rows.iloc[place] if place >= 0 else None
    return row if row is not None and np.isfinite(row["valence"]) and np.isfinite(row["arousal"]) else None


def _count_bar(highest: int) -> dict[str, object]:
    """Colour bar in counts although the colour runs with their logarithm."""
    ticks = sorted({10**power for power in range(len(str(max(highest, 1))))} | {max(highest, 1)})
    return {
        "title": {"text": "samples", "side": "right", "font": {"color": MUTED}},
        "tickvals": [float(np.log10(tick)) for tick in ticks],
        "ticktext": [f"{tick:,}" for tick in ticks],
        "thickness": 12,
        "outlinewidth": 0,
        "tickfont": {"color": MUTED},
    }


def framed(figure: go.Figure, *, height: int, legend: bool) -> None:
    """Give a figure the plane's axes, circle and words."""
    styled(figure, height=height, legend=legend)
    span = {"range": [-1.08, 1.08], "zeroline": True, "zerolinewidth": 1.2, "showgrid": False, "dtick": 0.5}
    figure.update_xaxes(title_text="valence (negative to positive)", constrain="domain", **span)
    figure.update_yaxes(
        title_text="arousal (calm to excited)", scaleanchor="x", scaleratio=1, constrain="domain", **span
    )
    figure.add_shape(
        type="circle", x0=-1, y0=-1, x1=1, y1=1, line={"color": LINE, "width": 1.2}, layer="below"
    )
    for (sign_v, sign_a), word in QUADRANT_WORDS.items():
        figure.add_annotation(
            x=sign_v * 0.92, y=sign_a * 0.95, text=word, showarrow=False,
            xanchor="right" if sign_v > 0 else "left", font={"color": MUTED, "size": 13},
        )  # fmt: skip
