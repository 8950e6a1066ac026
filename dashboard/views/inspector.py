"""One face looked into by one run: the quantities that the poster draws, with their numbers."""

from __future__ import annotations

import streamlit as st

from dashboard.components.guard import need
from dashboard.components.inspect_form import inspect_form, usable_runs
from dashboard.components.inspection import inspection_view
from dashboard.components.jobs import job_follow
from dashboard.components.pick import pick
from dashboard.navigation import link
from dashboard.words import stamp
from workers import client
from workers.records import InspectionRecord
from workers.states import JobState


def _name(item: InspectionRecord) -> str:
    where = item.file_name or f"row {item.row} of {item.dataset_name}"
    return f"{where} — {item.run_name}, {stamp(item.created_at)}"


def page() -> None:
    """Inspector."""
    st.title("Inspector", anchor=False)
    st.markdown(
        "What AVCE makes of one face: the feature z, its attentive view Sp(z) and inattentive view Sm(z), what the head H "
        "makes of both, and how the contrast pulls and pushes the prediction."
    )
    runs = usable_runs()
    if not runs:
        st.info(
            "A model trained with AVCE is needed to look into a face, and there is none.",
            icon=":material/info:",
        )
        link("train", "Train one", icon=":material/model_training:")
        return
    with st.container(border=True):
        inspect_form(runs)
    job_follow(st.session_state.get("inspector.job"), prefix="inspector")
    done = [item for item in need(client.list_inspections) if item.state is JobState.SUCCEEDED]
    if not done:
        st.caption("No face has been looked into yet. Choose one above.")
        return
    if st.session_state.get("inspector.new") in {item.id for item in done}:
        st.session_state["inspector.chosen"] = st.session_state.pop("inspector.new")
    chosen = pick("Inspection", done, _name, param="inspection", key="inspector.chosen")
    inspection_view(need(client.get_inspection, chosen.id))
