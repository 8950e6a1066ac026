"""Queue a training."""

from __future__ import annotations

import streamlit as st

from avce.options import TrainOptions
from dashboard.components.cost_panel import cost_panel
from dashboard.components.guard import attempt, need
from dashboard.components.pick import pick
from dashboard.components.run_form import train_form
from dashboard.components.sweep_form import Swept, sweep_fields
from dashboard.navigation import go, link
from dashboard.words import method_name
from workers import client
from workers.records import DatasetRecord, RunRecord


def _like() -> RunRecord | None:
    """The run that the address asks to clone."""
    asked = st.query_params.get("like")
    if not asked:
        return None
    link("train", "Begin from a preset instead", icon=":material/close:")
    return need(client.get_run, asked)


def _start(dataset: DatasetRecord, options: TrainOptions | None, values: Swept) -> None:
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    default = "" if options is None else f"{method_name(options.method)} {options.backbone} · {dataset.name}"
    name = left.text_input("Name of the run", key="train.name", placeholder=default)
    priority = right.number_input(
        "Priority",
        min_value=0,
        max_value=9,
        value=0,
        key="train.priority",
        help="0 to 9; higher goes first in its queue. It can be changed while the job waits.",
    )
    label = f"Queue {values.count} trainings" if values.options else "Queue training"
    is_off = options is None or not values.is_good
    if not st.button(label, key="train.start", type="primary", icon=":material/play_arrow:", disabled=is_off):
        return
    if options is not None and values.options:
        group = attempt(
            client.train_sweep,
            dataset.id,
            options,
            values.options,
            name=name or default,
            priority=int(priority),
        )
        if group is not None:
            go("jobs", group=group.id)
    elif options is not None:
        job = attempt(client.train, dataset.id, options, name=name or default, priority=int(priority))
        if job is not None and job.run_id:
            go("runs", run=job.run_id)


def page() -> None:
    """Train."""
    st.title("Train", anchor=False)
    datasets = [item for item in need(client.list_datasets) if item.state == "ready"]
    if not datasets:
        st.markdown(
            "A training fits a model to labelled faces: its valence and arousal are compared with the labels, epoch by epoch."
        )
        st.info(
            "There is no data set to train on yet. Bring your own, or let faces be drawn; the demo does all of it.",
            icon=":material/info:",
        )
        link("datasets", "Add a data set", icon=":material/add:")
        link("demo", "Run the demo", icon=":material/play_circle:")
        return
    dataset = pick(
        "Data set", datasets, lambda item: f"{item.name} — {item.n_train:,} training samples", param="dataset",
        key="train.dataset",
    )  # fmt: skip
    if not dataset.n_train or not dataset.n_val:
        st.warning("This data set has an empty training or validation split; a run on it will fail.")
    filled = train_form(_like())
    values = sweep_fields(filled.options)
    if filled.options is not None and dataset.n_train > 1:
        cost_panel(dataset, filled.options, values)
    _start(dataset, filled.options, values)
