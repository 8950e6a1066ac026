"""Curves of the compared runs over one another, and the epochs that were chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard import charts
from dashboard.comparing import same_but_seed
from dashboard.components.colours import series_of
from dashboard.components.frame import is_dark
from dashboard.components.guard import need
from dashboard.components.pictures import picture_config
from dashboard.components.run_curves import rule_of
from dashboard.components.tables import Cell, Row, draw_table
from dashboard.words import METRICS, number
from workers import client
from workers.records import RunRecord

AXES = ("valence", "arousal")
FIGURES = {
    **{name: f"{METRICS[name][0]}, validation" for name in ("ccc", "pcc", "rmse")},
    "loss": "Loss, training",
}


def curves_view(runs: Sequence[RunRecord]) -> None:
    """Choose a figure; runs that differ by their seed alone are one line with a band."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        figure = st.segmented_control(
            "Curve", list(FIGURES), default="ccc", required=True, key="compare.curve", format_func=FIGURES.__getitem__
        )  # fmt: skip
        together = st.toggle(
            "Seeds together", value=True, key="compare.together",
            help="Runs that differ by their seed alone: their mean, and a band of one standard deviation.",
        )  # fmt: skip
    figure = figure or "ccc"
    names = ["train/loss"] if figure == "loss" else [f"val/{figure}_{axis}" for axis in AXES]
    points = need(client.curves, [run.id for run in runs], names)
    named = same_but_seed(runs) if together else [(run.name, [run]) for run in runs]
    keys = {str(place): name for place, (name, _) in enumerate(named)}
    series = series_of(keys, {str(place): alike[0].method for place, (_, alike) in enumerate(named)})
    groups = [(series[str(place)], [run.id for run in alike]) for place, (_, alike) in enumerate(named)]
    best = {run.id: run.best_epoch for run in runs if run.best_epoch is not None}
    with st.container(key="wide-compare-curves"):
        columns = st.columns(len(names))
    for column, name in zip(columns, names, strict=True):
        title = name.split("/")[1].replace("_", ", ").replace(figure, METRICS.get(figure, ("Loss",))[0])
        column.plotly_chart(
            charts.curve_bands(points[points["name"] == name], groups, title=title, best=best, dark=is_dark()),
            key=f"compare.curves.{name}", config=picture_config(f"curves-{figure}"),
            alt=f"{title} over epochs for {len(groups)} groups of runs",
        )  # fmt: skip
    _best_epochs(runs, {run_id: shown for shown, ids in groups for run_id in ids})


def _best_epochs(runs: Sequence[RunRecord], series: Mapping[str, charts.Series]) -> None:
    heads = [
        ("Run", ""),
        ("Best epoch", "Of the epochs that were asked for."),
        ("CCC-V, validation", METRICS["ccc"][1]),
        ("CCC-A, validation", METRICS["ccc"][1]),
        ("Chosen by", "The rule that chose this epoch; its weights are what is evaluated."),
    ]
    rows = []
    for run in runs:
        asked = run.options.get("epochs")
        epoch = "–" if run.best_epoch is None else f"{run.best_epoch} of {asked}"
        figures = [Cell(number(run.best.get(f"ccc_{axis}"))) for axis in AXES]
        dot = series[run.id].drawn_in(dark=is_dark())
        rows.append(Row([Cell(run.name, dot=dot), Cell(epoch), *figures, Cell(rule_of(run), is_words=True)]))
    draw_table(heads, rows)
