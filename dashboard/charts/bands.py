"""Curves of several runs, those that differ by their seed alone as one: the mean, and a band of one standard deviation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.theme import MUTED, Series, note, styled
from dashboard.charts.training import x_title

BAND_OPACITY = 0.18


def curve_bands(
    points: pd.DataFrame,
    groups: Sequence[tuple[Series, Sequence[str]]],
    *,
    title: str,
    best: Mapping[str, int] | None = None,
    dark: bool = False,
    height: int = 340,
) -> go.Figure:
    """One line per group of runs.

    Args:
        points: Of one curve: ``run_id, step, epoch, value``.
        groups: How each group appears, and its runs.
        title: Of the y axis.
        best: Run id → its best epoch, a mark on the line of a run that stands alone.
        dark: Whether the page is dark.
        height: In pixels.

    Returns:
        Where two runs or more reach an epoch, the band is mean ± standard deviation over them (n − 1); the hover says
        over how many.
    """
    figure = go.Figure()
    x = points["epoch"].where(points["epoch"].notna(), points["step"]).astype(float)
    points = points.assign(x=x)
    for series, run_ids in groups:
        rows = points[points["run_id"].isin(list(run_ids))]
        if rows.empty:
            continue
        over = rows.groupby("x")["value"].agg(["mean", "std", "count"])
        colour = series.drawn_in(dark=dark)
        if len(run_ids) > 1:
            _band(figure, over, colour, series.name)
        _mean(figure, over, colour, series.name, n=len(run_ids))
        if len(run_ids) == 1 and best and best.get(run_ids[0]) in over.index:
            _mark(figure, over, best[run_ids[0]], colour, series.name)
    styled(figure, height=height)
    figure.update_xaxes(title_text=x_title(points))
    figure.update_yaxes(title_text=title)
    return figure if figure.data else note(figure, "these runs have no such curve")


def _band(figure: go.Figure, over: pd.DataFrame, colour: str, name: str) -> None:
    known = over.dropna(subset=["std"])
    high, low = known["mean"] + known["std"], known["mean"] - known["std"]
    figure.add_scatter(
        x=[*known.index, *known.index[::-1]], y=[*high, *low[::-1]], fill="toself", fillcolor=colour, opacity=BAND_OPACITY,
        line={"width": 0}, hoverinfo="skip", showlegend=False, legendgroup=name, name=f"{name}, ± sd",
    )  # fmt: skip


def _mean(figure: go.Figure, over: pd.DataFrame, colour: str, name: str, *, n: int) -> None:
    spread = over["std"].map(lambda value: "" if pd.isna(value) else f" ± {value:.4f}")
    figure.add_scatter(
        x=over.index, y=over["mean"], mode="lines+markers" if len(over) <= 30 else "lines", marker={"size": 5},
        line={"color": colour, "width": 2}, name=f"{name} (n = {n})" if n > 1 else name, legendgroup=name,
        customdata=list(zip(spread, over["count"], strict=True)),
        hovertemplate="%{x:g}: %{y:.4f}%{customdata[0]}, n = %{customdata[1]}<extra>" + name + "</extra>",
    )  # fmt: skip


def _mark(figure: go.Figure, over: pd.DataFrame, epoch: int, colour: str, name: str) -> None:
    figure.add_scatter(
        x=[epoch], y=[over["mean"].loc[epoch]], mode="markers", showlegend=False, legendgroup=name, name="best epoch",
        marker={"size": 11, "color": colour, "symbol": "star", "line": {"color": MUTED, "width": 1}},
        hovertemplate=f"best epoch {epoch}: %{{y:.4f}}<extra>{name}</extra>",
    )  # fmt: skip
