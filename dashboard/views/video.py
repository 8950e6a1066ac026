"""Valence and arousal of a video, frame by frame."""

from __future__ import annotations

import streamlit as st

from dashboard.components.annotated_video import annotated_video
from dashboard.components.guard import need
from dashboard.components.jobs import job_follow
from dashboard.components.pick import pick
from dashboard.components.poster_figure import poster_figure
from dashboard.components.trajectory import seek, trajectory_view
from dashboard.components.video_add import analyse_form
from dashboard.components.video_labels import video_labels
from dashboard.words import AROUSAL, VALENCE, WHAT_THEY_ARE_NOT, stamp
from workers import client
from workers.records import AnalysisRecord
from workers.states import JobState


def _name(analysis: AnalysisRecord) -> str:
    runs = ", ".join(analysis.names)
    return f"{analysis.video.name} — {runs}, {stamp(analysis.created_at)}"


def _go_where_asked(analysis_id: str) -> None:
    """An address with ``frame`` and ``track`` opens there, once."""
    frame, track = (st.query_params.pop(name, "") for name in ("frame", "track"))
    if frame.isdecimal():
        seek(analysis_id, int(frame), int(track) if track.isdecimal() else None)


def page() -> None:
    """Video."""
    st.title("Video", anchor=False)
    st.caption(f"**Valence**: {VALENCE} **Arousal**: {AROUSAL}")
    analyses = need(client.list_analyses)
    section = st.expander(
        "Analyse a video", expanded=not analyses, icon=":material/add:", key="video.add", on_change="rerun"
    )
    with section:
        started = analyse_form() if section.open else None
    if started is not None:
        st.query_params["analysis"] = started
        st.session_state.pop("video.analysis.asked", None)
        st.rerun()
    if not analyses:
        return
    analysis = need(
        client.get_analysis, pick("Analysis", analyses, _name, param="analysis", key="video.analysis").id
    )
    _go_where_asked(analysis.id)
    if analysis.state is not JobState.SUCCEEDED:
        job_follow(analysis.job_id, prefix="video")
    if analysis.state is JobState.RUNNING:
        st.button("Show what has come since", key="video.more", icon=":material/refresh:")
    if analysis.state is not JobState.QUEUED:
        # What is done so far is shown while the rest is read, and after a failure too.
        trajectory_view(analysis.id)
        if analysis.state is JobState.SUCCEEDED:
            poster_figure(analysis)
            annotated_video(analysis)
            video_labels(analysis.video)
        st.caption(WHAT_THEY_ARE_NOT)
