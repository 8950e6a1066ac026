"""The demo: drawn faces, two models, a comparison and a clip, in one click."""

from __future__ import annotations

import streamlit as st

from dashboard.components.demo import demo_button
from dashboard.components.guard import need
from dashboard.components.jobs import followed, is_live, job_card
from dashboard.navigation import link
from dashboard.words import WHAT_THEY_ARE
from workers import client
from workers.records import JobRecord

STEPS = """
1. **Draw faces**: rendered people with known valence and arousal. No download, no licence, no one's photo.
2. **Train** an AVCE model and a plain supervised one on them, small enough for two cores.
3. **Evaluate** both on people that neither has seen.
4. **Draw a clip** and **analyse** it with both models, frame by frame.
"""


def _job_ids() -> list[str]:
    """Of the demo that the address names, else of the last one, whoever started it."""
    ids = [part for part in st.query_params.get("jobs", "").split(",") if part]
    return ids or [job.id for job in need(client.last_demo)]


def _progress(jobs: list[JobRecord]) -> None:
    done = sum(not is_live(job) for job in jobs)
    st.progress(done / len(jobs), text=f"{done} of {len(jobs)} steps finished")
    for job in jobs:
        job_card(job, prefix="demo")


def page() -> None:
    """Demo."""
    st.title("Demo", anchor=False)
    st.markdown(WHAT_THEY_ARE)
    left, right = st.columns([3, 2], gap="large")
    left.markdown(STEPS)
    with right.container(border=True):
        st.markdown(
            "Everything runs as jobs on this machine's workers. You may close the page and come back."
        )
        demo_button(key="demo.start")
    ids = _job_ids()
    if not ids:
        return
    st.header("Progress", anchor=False)
    followed(ids, _progress, every_s=1.5)
    with st.container(horizontal=True):
        link("compare", "Compare the two models", icon=":material/table_chart:")
        link("video", "Watch the clip", icon=":material/movie:")
