"""Label against prediction."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.theme import AXIS_COLOURS, LINE, MAX_POINTS, note, styled


def label_against_prediction(
    table: pd.DataFrame, axis: str, *, height: int = 380, seed: int = 0
) -> go.Figure:
    """One dot per face; on the diagonal the prediction equals the label.

    Args:
        table: Columns ``valence, arousal, pred_valence, pred_arousal`` and perhaps ``row, image, subject``.
        axis: ``valence`` or ``arousal``.
        height: In pixels.
        seed: Of the sampling above the largest number of points.

    Returns:
        ``customdata`` holds the row number, so that a click can find the face.
    """
    known = table.dropna(subset=[axis, f"pred_{axis}"])
    shown = known.sample(min(len(known), MAX_POINTS), random_state=seed)
    who = shown["subject"].fillna("").astype(str) if "subject" in shown else pd.Series("", index=shown.index)
    figure = go.Figure(
        go.Scattergl(
            x=shown[axis], y=shown[f"pred_{axis}"], mode="markers", text=who,
            customdata=shown.get("row", shown.index),
            marker={"size": 5, "opacity": 0.5, "color": AXIS_COLOURS[axis]},
            hovertemplate="label %{x:.2f}<br>prediction %{y:.2f}<br>%{text}<extra></extra>",
        )
    )  # fmt: skip
    styled(figure, height=height, legend=False)
    figure.add_shape(
        type="line",
        x0=-1,
        y0=-1,
        x1=1,
        y1=1,
        layer="below",
        line={"color": LINE, "width": 1.2, "dash": "dot"},
    )
    span = {"range": [-1.05, 1.05], "dtick": 0.5, "constrain": "domain"}
    figure.update_xaxes(title_text=f"labelled {axis}", **span)
    figure.update_yaxes(title_text=f"predicted {axis}", scaleanchor="x", scaleratio=1, **span)
    return figure if len(known) else note(figure, "no predictions")
