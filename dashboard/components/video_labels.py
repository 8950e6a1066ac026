"""Labels of a video: bring them in, take them away."""

from __future__ import annotations

import streamlit as st

from dashboard.components.guard import attempt, need
from dashboard.components.upload import upload_field
from workers import client
from workers.records import VideoRecord


def video_labels(video: VideoRecord) -> None:
    """Show how many frames have labels; take a csv, or forget them."""
    with st.popover("Labels of this video", icon=":material/label:"):
        known = need(client.video_labels, video.id)
        if known is None:
            st.caption(
                "A csv with valence and arousal, one line per frame (as in Aff-Wild2, −5 for none), or with a column"
                " `frame` from 0. The labels then stand beside the curves, in grey."
            )
        else:
            st.caption(
                f"{len(known):,} of about {video.frames:,} frames have labels; they are drawn in grey."
            )
        token = int(st.session_state.get("video.labels.token", 0))
        files = upload_field(
            "Choose labels (csv, txt)", key=f"video.labels.{video.id}.{token}", accept=[".csv", ".txt"]
        )
        if files:
            st.session_state["video.labels.token"] = token + 1
            if attempt(client.set_labels, video.id, files[0]) is not None:
                st.rerun()
        if known is not None and st.button("Forget the labels", icon=":material/label_off:"):
            attempt(client.clear_labels, video.id)
            st.rerun()
