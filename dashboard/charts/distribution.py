"""How labels spread over each axis, per split."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.charts.theme import MUTED, SPLIT_COLOURS, SPLIT_NAMES, note, styled


def split_histograms(points: pd.DataFrame, *, bins: int = 40, height: int = 260) -> go.Figure:
    """Valence left, arousal right; each split as the share of its own samples, so that sizes do not hide shapes.

    Args:
        points: Columns ``valence, arousal, split``.
        bins: Over [-1, 1].
        height: In pixels.
    """
    figure = make_subplots(rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.05)
    edges = np.linspace(-1, 1, bins + 1)
    middles = (edges[:-1] + edges[1:]) / 2
    split = points["split"].fillna("") if "split" in points else pd.Series("", index=points.index)
    for column, axis in enumerate(("valence", "arousal"), start=1):
        for name in ("train", "val", "test", ""):
            values = points.loc[split == name, axis].dropna().to_numpy(np.float64)
            if len(values) == 0:
                continue
            counts, _ = np.histogram(values.clip(-1, 1), bins=edges)
            figure.add_trace(
                go.Scatter(
                    x=middles, y=counts / len(values), customdata=counts, mode="lines", name=SPLIT_NAMES[name],
                    legendgroup=name, showlegend=column == 1,
                    line={"shape": "hvh", "width": 1.8, "color": SPLIT_COLOURS.get(name, MUTED)},
                    hovertemplate="%{x:.2f}: %{y:.1%} (%{customdata})<extra>" + SPLIT_NAMES[name] + "</extra>",
                ),
                row=1, col=column,
            )  # fmt: skip
        figure.update_xaxes(title_text=axis, range=[-1, 1], dtick=0.5, row=1, col=column)
    styled(figure, height=height)
    figure.update_yaxes(rangemode="tozero", tickformat=".0%")
    figure.update_yaxes(title_text="share of the split", row=1, col=1)
    return figure if figure.data else note(figure, "no labels")
