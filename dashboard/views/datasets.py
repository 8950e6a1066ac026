"""Data sets: bring one in, and see what it holds before training on it."""

from __future__ import annotations

import streamlit as st

from dashboard.components.dataset_add import add_dataset
from dashboard.components.dataset_mend import mend_form
from dashboard.components.dataset_report import dataset_report
from dashboard.components.explain import explain_plane
from dashboard.components.guard import need
from dashboard.components.jobs import job_follow
from dashboard.components.pick import pick
from dashboard.navigation import link
from dashboard.words import stamp
from workers import client
from workers.records import DatasetRecord


def _name(dataset: DatasetRecord) -> str:
    return f"{dataset.name} — {stamp(dataset.created_at)}"


def _shown(datasets: list[DatasetRecord]) -> None:
    dataset = need(
        client.get_dataset, pick("Data set", datasets, _name, param="dataset", key="datasets.chosen").id
    )
    if dataset.state == "importing":
        job_follow(dataset.job_id, prefix="dataset")
    elif dataset.state == "failed":
        st.error(dataset.error or "The import failed; the job's log says why.", icon=":material/error:")
        job_follow(dataset.job_id, prefix="dataset")
        mend_form(dataset)
    else:
        dataset_report(dataset)
        link(
            "train", "Train on this data set", icon=":material/model_training:", query={"dataset": dataset.id}
        )


def page() -> None:
    """Data sets."""
    st.title("Data sets", anchor=False)
    datasets = need(client.list_datasets)
    if not datasets:
        explain_plane()
        st.info("No data set yet. Upload one below, or let the generator draw faces.", icon=":material/info:")
    section = st.expander(
        "Add a data set", expanded=not datasets, icon=":material/add:", key="datasets.add", on_change="rerun"
    )
    if section.open:
        with section:
            add_dataset()
    if datasets:
        _shown(datasets)
