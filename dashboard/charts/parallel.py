"""Many runs at a glance: one line per run through its options to what came out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.theme import INK, note, styled

MOST_WORDS = 24
"""More different words on one axis cannot be read, and such an axis is left out."""

SCALE = [[0.0, "#8A8D91"], [0.5, "#5B9BDD"], [1.0, "#B4622D"]]
"""From low to high in colours that stay apart on light and dark pages, and in grey print."""


def parallel_coordinates(
    table: pd.DataFrame, names: Sequence[str], *, colour: str, dark: bool = False, height: int = 460
) -> go.Figure:
    """Parallel coordinates; drag along an axis to keep only the runs that pass there, drag its name to move it.

    Args:
        table: One row per run.
        names: Columns to draw as axes, from left to right; numbers as they are, words and truth values as steps.
        colour: Column of numbers that colours the lines; rows without it are left out.
        dark: Whether the page is dark.
        height: In pixels.
    """
    known = table.dropna(subset=[colour])
    axes = [_axis(known[name], name) for name in names if name in known]
    ink = INK[int(dark)]
    figure = go.Figure()
    if len(known) and (drawn := [axis for axis in axes if axis]):
        figure.add_parcoords(
            dimensions=drawn, labelfont={"color": ink, "size": 13}, tickfont={"color": ink, "size": 12},
            rangefont={"color": ink, "size": 11}, labelangle=0,
            line={"color": known[colour], "colorscale": SCALE, "showscale": True, "colorbar": {"title": {"text": colour.replace("_", " ")}, "thickness": 12}},
        )  # fmt: skip
    styled(figure, height=height, legend=False)
    figure.update_layout(margin={"l": 70, "r": 30, "t": 64, "b": 28})
    return figure if figure.data else note(figure, "no finished runs that differ")


def _axis(values: pd.Series, name: str) -> dict[str, Any] | None:
    """One axis: numbers on their own scale, anything else as evenly spaced words; ``None`` with too many words."""
    label = name.rsplit(".", 1)[-1].replace("_", " ")
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        filled = values.astype(float)
        marks = sorted(set(filled.dropna()))
        few = {"tickvals": marks, "ticktext": [f"{mark:g}" for mark in marks]} if len(marks) <= 8 else {}
        return {"label": label, "values": filled, "tickformat": "~g", **few}
    words = values.map(str)
    steps = {word: place for place, word in enumerate(sorted(set(words)))}
    if len(steps) > MOST_WORDS:
        return None
    return {
        "label": label,
        "values": words.map(steps),
        "tickvals": list(steps.values()),
        "ticktext": list(steps),
    }
