"""Correct the faces of an analysis: name one, join two that are one person, leave one out."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.components.guard import act, show_refusal
from workers import client
from workers.records import TrackRecord


def _rename(analysis_id: str, track: int, key: str) -> None:
    act(analysis_id, client.rename_track, track, st.session_state[key])


def face_label(record: TrackRecord) -> str:
    """Name, number where the name does not say it, and how long it is seen."""
    number = "" if record.name == f"face {record.track}" else f" (face {record.track})"
    merged = f", with {', '.join(map(str, record.merged))}" if record.merged else ""
    state = ", left out" if record.is_excluded else ""
    return f"{record.name}{number}{merged}{state} — {record.frames:,} frames"


def track_edits(analysis_id: str, records: Sequence[TrackRecord]) -> None:
    """Controls for one face at a time; what they do can be taken back."""
    if not records:
        return
    with st.expander("Correct faces", icon=":material/face_retouching_natural:"):
        show_refusal(analysis_id)
        by_id = {record.track: record for record in records}
        key = f"video.faces.{analysis_id}"
        if st.session_state.get(key) not in by_id:
            st.session_state[key] = records[0].track
        face = by_id[
            st.selectbox(
                "Face to correct", list(by_id), key=key, format_func=lambda track: face_label(by_id[track])
            )
        ]
        _controls(analysis_id, face, records, key=f"{key}.{face.track}")
        _neutral(analysis_id, face, key=f"{key}.{face.track}")
        st.caption(
            "Corrections change what is shown, exported and searched; the rows themselves stay as they were found."
        )


def _controls(analysis_id: str, face: TrackRecord, records: Sequence[TrackRecord], *, key: str) -> None:
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        given = "" if face.name == f"face {face.track}" else face.name
        st.text_input(
            "Name", value=given, key=f"{key}.name", placeholder=face.name,
            on_change=_rename, args=(analysis_id, face.track, f"{key}.name"), help="Empty takes the name away.",
        )  # fmt: skip
    others = {record.track: record for record in records if record.track != face.track}
    with right:
        other = st.selectbox(
            "Same person as", list(others), index=None, key=f"{key}.into", placeholder="choose a face",
            format_func=lambda track: face_label(others[track]), disabled=not others,
            help="Refused where both are seen in one frame.",
        )  # fmt: skip
    with st.container(horizontal=True):
        st.button(
            "Join", key=f"{key}.join", icon=":material/merge:", disabled=other is None,
            on_click=act, args=(analysis_id, client.merge_tracks, face.track, other),
        )  # fmt: skip
        for track in face.merged:
            st.button(
                f"Part from face {track}", key=f"{key}.part.{track}", icon=":material/call_split:",
                on_click=act, args=(analysis_id, client.split_track, track),
            )  # fmt: skip
        st.button(
            "Take in again" if face.is_excluded else "Leave out", key=f"{key}.out", icon=":material/person_off:",
            on_click=act, args=(analysis_id, client.exclude_track, face.track),
            kwargs={"is_excluded": not face.is_excluded},
        )  # fmt: skip
        st.button(
            "Take all back", key=f"{key}.reset", icon=":material/undo:",
            on_click=act, args=(analysis_id, client.reset_tracks),
        )  # fmt: skip


def _neutral(analysis_id: str, face: TrackRecord, *, key: str) -> None:
    """In which frames the face is neutral; what is shown changes only where asked for."""
    first, last = face.neutral or (face.first_frame, face.first_frame)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        start = st.number_input(
            "Neutral from frame", face.first_frame, face.last_frame, first, key=f"{key}.neutral.first",
            help="Frames in which this person looks neutral. “From neutral” above the player then shows values less"
            " their mean over these frames; the values themselves stay.",
        )  # fmt: skip
        stop = st.number_input("to frame", face.first_frame, face.last_frame, last, key=f"{key}.neutral.last")
        st.button(
            "Take as neutral", key=f"{key}.neutral.set", icon=":material/sentiment_neutral:",
            on_click=act, args=(analysis_id, client.set_neutral, face.track, int(start), int(stop)),
        )  # fmt: skip
        st.button(
            "Forget", key=f"{key}.neutral.clear", disabled=face.neutral is None,
            on_click=act, args=(analysis_id, client.clear_neutral, face.track),
        )  # fmt: skip
