"""Loss and CCC of one run, and its best epoch."""

from __future__ import annotations

import streamlit as st

from dashboard import charts
from dashboard.components.explain import metric_row
from dashboard.components.frame import is_dark
from dashboard.components.guard import need
from dashboard.words import METRICS, number
from workers import client
from workers.records import RunRecord

RULES = {"mean_ccc": "highest mean of both CCCs on validation"}


def rule_of(run: RunRecord) -> str:
    """How the run's best epoch was chosen."""
    rule = str(run.options.get("best_rule", "mean_ccc"))
    return RULES.get(rule, rule)


def _best(run: RunRecord) -> None:
    best = "–" if run.best_epoch is None else str(run.best_epoch)
    figures = [("Best epoch", best, f"Chosen by: {rule_of(run)}.")]
    figures += [
        (f"CCC {axis}, validation", number(run.best.get(f"ccc_{axis}")), METRICS["ccc"][1])
        for axis in ("valence", "arousal")
    ]
    metric_row(figures)


def run_curves(run: RunRecord) -> None:
    """Figures and charts; call it inside the fragment that follows the run."""
    points = need(client.metric_points, run.id)
    if points.empty:
        st.info("The first curve points arrive with the first epoch.", icon=":material/hourglass_top:")
        return
    _best(run)
    with st.container(key="wide-curves"):
        left, right = st.columns(2)
    left.plotly_chart(
        charts.loss_curves(points, dark=is_dark()),
        key="run.loss",
        config=charts.CONFIG,
        alt="Training and validation loss over epochs",
    )
    right.plotly_chart(
        charts.ccc_curves(points, best_epoch=run.best_epoch, dark=is_dark()),
        key="run.ccc",
        config=charts.CONFIG,
        alt="CCC of valence and arousal on the validation split over epochs",
    )
