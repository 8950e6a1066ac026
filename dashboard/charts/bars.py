"""One figure of several runs as bars with intervals, and the published rows beside them, hatched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from avce.published import PublishedResult
from dashboard.charts.theme import INK, LINE, MUTED, colour_of, note, styled

COLUMNS = ("name", "system", "axis", "value", "low", "high", "source", "is_published")


def bar_rows(
    evaluations: Iterable[tuple[str, str, Mapping[str, Any]]],
    published: Iterable[PublishedResult] = (),
    *,
    figure_name: str = "ccc",
) -> pd.DataFrame:
    """The table that :func:`metric_bars` draws.

    Args:
        evaluations: ``(name, system, metrics)`` with the metrics of an evaluation.
        published: Rows printed elsewhere.
        figure_name: Which figure to take.

    Returns:
        Columns :data:`COLUMNS`, a row per name and axis; figures that are undefined or not printed are left out.
    """
    rows: list[tuple[Any, ...]] = []
    for name, system, metrics in evaluations:
        for axis in ("valence", "arousal"):
            value = metrics.get(axis, {}).get(figure_name)
            low, high = metrics.get(axis, {}).get("interval", {}).get(figure_name) or (None, None)
            source = f"{metrics.get('split', '')} split, {metrics.get('protocol', '')}, n = {metrics.get('n', '?')}"
            rows.append((name, system, axis, value, low, high, source, False))
    for row in published:
        for axis, figures in (("valence", row.valence), ("arousal", row.arousal)):
            name, source = f"{row.method} *", f"{row.source}; {row.dataset}; {row.protocol}"
            rows.append((name, row.system, axis, figures.get(figure_name), None, None, source, True))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table[["value", "low", "high"]] = table[["value", "low", "high"]].astype(float)
    return table.dropna(subset=["value"]).reset_index(drop=True)


def metric_bars(
    table: pd.DataFrame, *, figure_name: str = "ccc", dark: bool = False, height: int | None = None
) -> go.Figure:
    """Valence left, arousal right, one bar per run; published rows are hatched and marked with a star.

    Args:
        table: From :func:`bar_rows`.
        figure_name: For the titles.
        dark: Whether the page is dark.
        height: In pixels; default by the number of bars.
    """
    figure = make_subplots(rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.04)
    order = list(dict.fromkeys(table["name"]))
    for column, axis in enumerate(("valence", "arousal"), start=1):
        part = table[table["axis"] == axis]
        colours = [colour_of(system, dark=dark) for system in part["system"]]
        figure.add_trace(
            go.Bar(
                x=part["value"], y=part["name"], orientation="h", showlegend=False, customdata=part["source"],
                marker={
                    "color": colours, "line": {"color": colours, "width": 1},
                    "pattern": {"shape": ["/" if p else "" for p in part["is_published"]], "fillmode": "overlay", "size": 6},
                    "opacity": [0.55 if p else 0.95 for p in part["is_published"]],
                },
                error_x={
                    "type": "data", "symmetric": False, "array": part["high"] - part["value"],
                    "arrayminus": part["value"] - part["low"], "color": MUTED, "thickness": 1.5, "width": 4,
                },
                hovertemplate="%{y}: %{x:.3f}<br>%{customdata}<extra></extra>",
            ),
            row=1, col=column,
        )  # fmt: skip
        figure.add_trace(_figures(part, dark=dark), row=1, col=column)
        figure.update_xaxes(range=_span(part), row=1, col=column)
        figure.update_xaxes(title_text=f"{figure_name.upper()}, {axis}", row=1, col=column)
    styled(figure, height=height or 110 + 34 * max(len(order), 2), legend=False)
    figure.update_yaxes(categoryorder="array", categoryarray=order[::-1], automargin=True, ticks="")
    if table["is_published"].any():
        figure.update_layout(margin_b=88)
        figure.add_annotation(
            text="* printed elsewhere, on other data: for orientation, not for ranking", xref="paper", yref="paper",
            x=0, y=0, yshift=-76, xanchor="left", showarrow=False, font={"color": MUTED, "size": 12},
        )  # fmt: skip
    figure.update_xaxes(zeroline=True, zerolinecolor=LINE)
    return figure if order else note(figure, "nothing to compare yet")


def _figures(part: pd.DataFrame, *, dark: bool) -> go.Scatter:
    """The figures in ink on the page's ground, behind the end of bar and interval: no bar's colour dims them."""
    ends = part[["value", "high"]].max(axis=1).clip(lower=0)
    return go.Scatter(
        x=ends, y=part["name"], mode="text", text=[f"\u2002{value:.3f}" for value in part["value"]],
        textposition="middle right", textfont={"color": INK[int(dark)], "size": 13}, cliponaxis=False,
        showlegend=False, hoverinfo="skip",
    )  # fmt: skip


def _span(part: pd.DataFrame) -> list[float] | None:
    """Room for the figures behind the longest bar."""
    if part.empty:
        return None
    low = min(0.0, float(part["value"].min()), float(part["low"].fillna(0).min()))
    high = max(0.0, float(part["value"].max()), float(part["high"].fillna(0).max()))
    length = max(high - low, 0.1)
    return [low - 0.04 * length * (low < 0), high + 0.2 * length]
