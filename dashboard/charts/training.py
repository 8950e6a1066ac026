"""Curves of one or several training runs over epochs."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.theme import (
    AXIS_COLOURS,
    LINE,
    MAX_POINTS,
    MUTED,
    Series,
    colour_of,
    colours_of_parts,
    note,
    styled,
)
from dashboard.charts.thin import thinned

_LOSS_DASH = ("solid", "dot", "dash", "dashdot")


def loss_curves(points: pd.DataFrame, *, dark: bool = False, height: int = 300) -> go.Figure:
    """Total loss as a full line, its parts thinner.

    Args:
        points: Columns ``name, step, epoch, value``; names that begin with ``train/`` or end with ``loss`` are
            drawn. Steps stand where epochs are missing.
        dark: Whether the page is dark.
        height: In pixels.
    """
    names = [
        n for n in dict.fromkeys(points["name"]) if str(n).startswith("train/") or str(n).endswith("loss")
    ]
    names.sort(key=lambda n: (n != "train/loss", str(n)))
    shorts = [str(name).removeprefix("train/") for name in names if not _is_total(str(name))]
    colours = colours_of_parts(shorts, dark=dark)
    figure = go.Figure()
    for place, name in enumerate(names):
        is_total = _is_total(str(name))
        colour = colour_of("avce", dark=dark) if is_total else colours[str(name).removeprefix("train/")]
        _line(
            figure, points[points["name"] == name], str(name).removeprefix("train/").replace("_", " "), colour,
            width=2.2 if is_total else 1.2, dash="solid" if is_total else _LOSS_DASH[place % len(_LOSS_DASH)],
        )  # fmt: skip
    styled(figure, height=height)
    _epochs(figure, points)
    figure.update_yaxes(title_text="loss")
    return figure if names else note(figure, "no loss yet")


def ccc_curves(
    points: pd.DataFrame,
    *,
    best_epoch: int | None = None,
    series: Mapping[str, Series] | None = None,
    figure_name: str = "ccc",
    dark: bool = False,
    height: int = 300,
) -> go.Figure:
    """CCC (or another figure) on validation: valence in full, arousal dashed, the best epoch marked.

    Args:
        points: Columns ``name, step, epoch, value`` and, for several runs, ``run_id``.
        best_epoch: Where to draw the mark.
        series: Name and system per ``run_id``; without it the axes keep their own colours.
        figure_name: ``ccc``, ``pcc``, ``rmse`` or ``sagr``.
        dark: Whether the page is dark.
        height: In pixels.
    """
    figure = go.Figure()
    by_run = list(points.groupby("run_id", sort=False)) if "run_id" in points else [("", points)]
    for run_id, of_run in by_run:
        given = (series or {}).get(str(run_id))
        for axis, dash in (("valence", "solid"), ("arousal", "dash")):
            rows = of_run[of_run["name"] == f"val/{figure_name}_{axis}"]
            if rows.empty:
                continue
            colour = given.drawn_in(dark=dark) if given else AXIS_COLOURS[axis]
            _line(figure, rows, f"{given.name}, {axis}" if given else axis, colour, width=2.0, dash=dash)
    styled(figure, height=height)
    _epochs(figure, points)
    figure.update_yaxes(title_text=f"{figure_name.upper()}, validation")
    if best_epoch is not None and figure.data:
        figure.add_vline(
            x=best_epoch, line={"color": LINE, "width": 1.2, "dash": "dot"}, annotation_text=f"best: epoch {best_epoch}",
            annotation_font={"color": MUTED, "size": 12}, annotation_position="top right",
        )  # fmt: skip
    return (
        figure
        if figure.data
        else note(figure, f"no {figure_name.upper()} yet; it comes with the first epoch")
    )


def _is_total(name: str) -> bool:
    return name.endswith("/loss") or name == "loss"


def _line(figure: go.Figure, rows: pd.DataFrame, name: str, colour: str, *, width: float, dash: str) -> None:
    x = rows["epoch"].where(rows["epoch"].notna(), rows["step"]).astype(float)
    shown = thinned(rows.assign(x=x).sort_values("x"), "value", MAX_POINTS)
    figure.add_scatter(
        x=shown["x"], y=shown["value"], name=name, mode="lines+markers" if len(shown) <= 30 else "lines",
        line={"color": colour, "width": width, "dash": dash}, marker={"size": 5}, connectgaps=False,
        hovertemplate="%{x:g}: %{y:.4f}<extra>" + name + "</extra>",
    )  # fmt: skip


def _epochs(figure: go.Figure, points: pd.DataFrame) -> None:
    """Name the x axis; few epochs are counted one by one, since there is none between two."""
    title = x_title(points)
    last = points["epoch"].max() if title == "epoch" and not points.empty else None
    figure.update_xaxes(title_text=title, dtick=1 if last is not None and last <= 12 else None)


def x_title(points: pd.DataFrame) -> str:
    """What counts along the x axis."""
    return "epoch" if points["epoch"].notna().any() or points.empty else "step"
