"""Label against prediction for one evaluation."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import charts
from dashboard.components.guard import need
from dashboard.components.pick import labels
from dashboard.components.pictures import picture_config
from workers import client
from workers.records import EvaluationRecord


def scatter_of(evaluations: Sequence[EvaluationRecord]) -> None:
    """Two charts, one per axis, and the predictions to download."""
    st.caption("On the diagonal a prediction equals its label.")
    by_id = {item.id: item for item in evaluations}
    chosen = st.selectbox(
        "Evaluation",
        list(by_id),
        key="compare.scatter",
        format_func=labels(evaluations, lambda item: f"{item.run_name} · {item.split}").__getitem__,
    )
    table = need(client.evaluation_predictions, chosen)
    for column, axis in zip(st.columns(2), ("valence", "arousal"), strict=True):
        column.plotly_chart(
            charts.label_against_prediction(table, axis),
            key=f"compare.scatter.{axis}",
            config=picture_config(f"scatter-{axis}"),
            alt=f"Predicted against labelled {axis}",
        )
    st.markdown(f":material/download: [All predictions as csv](/export/predictions/{chosen}.csv)")
