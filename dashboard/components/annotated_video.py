"""The video with what was found drawn into it: one button makes it, a link takes it home."""

from __future__ import annotations

import streamlit as st

from dashboard.components.guard import attempt, need
from dashboard.components.jobs import is_live, job_follow
from dashboard.components.upload import base_path
from dashboard.words import stamp
from workers import client
from workers.records import AnalysisRecord
from workers.states import JobState


def annotated_video(analysis: AnalysisRecord) -> None:
    """Ask for the file, follow its job, hand it out."""
    st.header("Annotated video", anchor=False)
    st.caption(
        "The video as mp4 with its faces framed, values, a dot on the circumplex and curves, with its own times and sound."
    )
    drawn = need(client.list_overlays, analysis.id)
    names = dict(zip(analysis.run_ids, analysis.names, strict=True))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run_id = analysis.run_ids[0]
        if len(names) > 1:
            run_id = st.selectbox(
                "By the values of", list(names), format_func=names.__getitem__, width=260,
                key=f"annotated.run.{analysis.id}",
            )  # fmt: skip
        is_wanted = st.button(
            "Make annotated video", key=f"annotated.draw.{analysis.id}", icon=":material/video_settings:",
            disabled=any(is_live(one) for one in drawn[:1]),
        )  # fmt: skip
    if is_wanted and attempt(client.draw_overlay, analysis.id, run_id) is not None:
        st.rerun()
    if drawn and drawn[0].state is not JobState.SUCCEEDED:
        job_follow(drawn[0].id, prefix="annotated")
    for run, name in names.items():
        newest = next((one for one in drawn if "file" in one.options and one.options["run"] == run), None)
        if newest is not None:
            address = f"{base_path()}/export/overlay/{newest.id}.mp4"
            st.markdown(f":material/download: [{name}, annotated mp4]({address}), {stamp(newest.created_at)}")
