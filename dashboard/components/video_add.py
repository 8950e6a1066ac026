"""Bring a video in and choose who looks at it."""

from __future__ import annotations

import streamlit as st

from avce.errors import AvceError
from avce.options import AnalyzeOptions
from avce.progress import span
from dashboard.components.forms import option_fields
from dashboard.components.guard import attempt, need, show
from dashboard.components.models import scored_label, starter_card
from dashboard.components.pick import labels
from dashboard.components.server_pick import server_path
from dashboard.components.upload import upload_field
from dashboard.navigation import link
from dashboard.words import METRICS
from workers import client
from workers.records import RunRecord, StoredFile, VideoRecord

ENDINGS = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg")
FIELDS = (
    "start_s",
    "stop_s",
    "every_nth_frame",
    "target_fps",
    "detect_every",
    "min_score",
    "min_face_px",
    "max_faces",
    "smooth_s",
    "flip",
    "runtime",
)


def _added(video: VideoRecord | None, taken: str) -> None:
    """After a file was taken: go and choose it."""
    if video is not None:
        st.session_state["video.taken"] = taken
        st.session_state["video.new"] = video.id
        st.rerun()


def _take_upload() -> None:
    files: list[StoredFile] = upload_field("Choose a video", key="video.upload", accept=ENDINGS)
    if not files or st.session_state.get("video.taken") == files[0].sha256:
        return
    _added(attempt(client.add_video, files[0]), files[0].sha256)


def _take_from_server() -> None:
    path = server_path(
        "Video on the server", prefix="video.server", placeholder="/data/clips/talk.mp4", endings=ENDINGS
    )
    if path.lower().endswith(ENDINGS) and st.button(
        "Take this video", key="video.server.take", type="primary"
    ):
        with st.spinner("Copying it to the file store …"):
            video = attempt(client.add_server_video, path)
        _added(video, path)


def _take() -> None:
    """The two ways in for a video."""
    way = st.segmented_control(
        "Where from",
        ["Upload", "Folder on the server"],
        default="Upload",
        required=True,
        key="video.way",
        label_visibility="collapsed",
    )
    if way == "Folder on the server":
        _take_from_server()
    else:
        _take_upload()


def _video(videos: list[VideoRecord]) -> VideoRecord:
    by_id = {video.id: video for video in videos}
    new = st.session_state.pop("video.new", None)
    if new in by_id:
        st.session_state["video.video"] = new

    def name(video: VideoRecord) -> str:
        return f"{video.name} — {span(video.duration_s)}, {video.width} × {video.height}"

    return by_id[
        st.selectbox("Video", list(by_id), key="video.video", format_func=labels(videos, name).__getitem__)
    ]


def _models(models: list[RunRecord]) -> list[str]:
    ids = [model.id for model in models]
    return st.multiselect(
        "Models", ids, default=ids[:1], key="video.runs", format_func=labels(models, scored_label).__getitem__,
        help=f"Each model draws its own curve; faces are found once for all. {METRICS['ccc'][1]}",
    )  # fmt: skip


def analyse_form() -> str | None:
    """The form; returns the id of the analysis just queued."""
    _take()
    videos = need(client.list_videos)
    models = need(client.list_models)
    if not videos:
        st.caption("mp4, mov, avi, mkv or webm. Frames keep their own time stamps; nothing is sent anywhere.")
        return None
    video = _video(videos)
    if not models:
        st.info("A model is needed to analyse a video, and there is none.", icon=":material/info:")
        link("train", "Train one", icon=":material/model_training:")
        return None
    chosen = _models(models)
    if any(model.shipped for model in models if model.id in chosen):
        starter_card()
    with st.expander("How the video is read", icon=":material/tune:"):
        values = option_fields(
            AnalyzeOptions, FIELDS, AnalyzeOptions().model_dump(), prefix="video", columns=4
        )
    if not st.button(
        "Analyse", key="video.start", type="primary", icon=":material/play_arrow:", disabled=not chosen
    ):
        return None
    try:
        options = AnalyzeOptions.parse(values)
    except AvceError as error:
        show(error)
        return None
    job = attempt(client.analyze, video.id, chosen, options)
    return None if job is None else job.analysis_id
