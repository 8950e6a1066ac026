"""Measure a run: on which data, which split, how."""

from __future__ import annotations

import streamlit as st

from avce.errors import AvceError
from avce.options import EvaluateOptions
from dashboard.components.forms import option_fields
from dashboard.components.guard import attempt, need, show
from dashboard.components.jobs import job_follow
from dashboard.components.pick import labels
from workers import client
from workers.records import RunRecord


def evaluate_form(run: RunRecord) -> None:
    """The form, and the job it started."""
    datasets = {item.id: item for item in need(client.list_datasets) if item.state == "ready"}
    if not datasets:
        st.caption("There is no data set to measure on.")
        return
    ids = list(datasets)
    with st.container(border=True, key="evaluate-form"):
        chosen = st.selectbox(
            "Measure on", ids, index=ids.index(run.dataset_id) if run.dataset_id in ids else 0, key="evaluate.dataset",
            format_func=labels(datasets.values(), lambda item: item.name).__getitem__,
        )  # fmt: skip
        defaults = EvaluateOptions().model_dump()
        values = option_fields(
            EvaluateOptions, ("split", "protocol", "zero_labels"), defaults, prefix="evaluate"
        )
        with st.expander("Intervals", icon=":material/tune:"):
            values |= option_fields(
                EvaluateOptions, ("bootstrap", "confidence", "seed"), defaults, prefix="evaluate"
            )
        if st.button("Evaluate", key="evaluate.start", type="primary", icon=":material/fact_check:"):
            try:
                options = EvaluateOptions.parse(values)
            except AvceError as error:
                show(error)
                return
            job = attempt(client.evaluate, run.id, chosen, options)
            if job is not None:
                st.session_state[f"evaluate.job.{run.id}"] = job.id
    job_follow(st.session_state.get(f"evaluate.job.{run.id}"), prefix="evaluate")
