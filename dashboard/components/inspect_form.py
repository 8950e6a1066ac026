"""Choosing a run and a face to look into."""

from __future__ import annotations

import streamlit as st

from dashboard.components.guard import attempt, need
from dashboard.components.models import model_label, starter_card
from dashboard.components.pick import pick
from dashboard.components.upload import upload_field
from dashboard.navigation import link
from dashboard.words import method_name, number
from workers import client
from workers.records import JobRecord, RunRecord, SampleRecord

SAMPLES = 8
SOURCES = ("Data set", "Own picture")
WITH_FEATURE = ("avce", "supervised")
"""Methods that have the feature z; the others have nothing to look into."""


def usable_runs() -> list[RunRecord]:
    """Models with a feature z: the starter model, then runs, AVCE first."""
    models = [model for model in need(client.list_models) if model.method in WITH_FEATURE]
    return sorted(models, key=lambda model: model.method != "avce")


def inspect_form(runs: list[RunRecord]) -> None:
    """The form; what was queued is kept in the session as ``inspector.job`` and ``inspector.new``."""
    with st.container(key="wide-inspector-run"):
        left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        run = pick("Model", runs, model_label, param="run", key="inspector.run")
    has_data = any(item.state == "ready" for item in need(client.list_datasets))
    source = right.segmented_control(
        "Face",
        SOURCES,
        default=SOURCES[0] if has_data else SOURCES[1],
        required=True,
        key="inspector.source",
        label_visibility="collapsed",
    )
    if run.shipped:
        starter_card()
    if run.method != "avce":
        st.caption(
            f"{method_name(run.method)} has z and x, but no head H, so there is no pull and push to show."
        )
    if source == SOURCES[0]:
        _samples(run)
    else:
        _upload(run)


def _samples(run: RunRecord) -> None:
    datasets = [item for item in need(client.list_datasets) if item.state == "ready"]
    if not datasets:
        st.info("There is no data set to take a sample from.", icon=":material/info:")
        link("datasets", "Add one", icon=":material/add:")
        return
    if run.dataset_id in {item.id for item in datasets}:
        st.session_state.setdefault("inspector.dataset", run.dataset_id)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        dataset = pick("Data set", datasets, lambda item: item.name, param="dataset", key="inspector.dataset")
        if st.button(
            "Others", key="inspector.shuffle", icon=":material/shuffle:", help="Show other samples."
        ):
            st.session_state["inspector.seed"] = int(st.session_state.get("inspector.seed", 0)) + 1
    seed = int(st.session_state.get("inspector.seed", 0))
    with st.container(key="tiles-inspector"):
        samples = need(client.dataset_samples, dataset.id, limit=SAMPLES, seed=seed)
        for column, sample in zip(st.columns(SAMPLES, gap="small"), samples, strict=False):
            with column:
                _sample(run, dataset.id, sample)


def _sample(run: RunRecord, dataset_id: str, sample: SampleRecord) -> None:
    both = number(sample.valence, 2), number(sample.arousal, 2)
    words = "valence {}, arousal {}".format(*both)
    st.image(sample.jpeg, width="stretch", alt=f"Face of {sample.subject or 'an unnamed subject'}, {words}")
    st.caption("V {}  \nA {}".format(*both))
    if st.button("Inspect", key=f"inspector.sample.{sample.row}", help=f"Row {sample.row}, {sample.subject}"):
        _queued(attempt(client.inspect, run.id, dataset_id=dataset_id, row=sample.row))


def _upload(run: RunRecord) -> None:
    files = upload_field(
        "Choose a picture", key="inspector.upload", accept=(".jpg", ".jpeg", ".png", ".webp")
    )
    st.caption("The largest face in it is taken. Nothing is sent anywhere.")
    if st.button("Inspect", key="inspector.start", type="primary", disabled=not files):
        _queued(attempt(client.inspect, run.id, file=files[0]))


def _queued(job: JobRecord | None) -> None:
    if job is not None:
        st.session_state["inspector.job"] = job.id
        st.session_state["inspector.new"] = job.options["inspection_id"]
