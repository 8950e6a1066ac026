"""Bring a video in and choose who looks at it."""

from __future__ import annotations

import streamlit as st

from avce.errors import AvceError
from avce.options import AnalyzeOptions
from dashboard.components.forms import option_fields
from dashboard.components.guard import attempt, need, show
from dashboard.components.pick import labels
from dashboard.components.upload import upload_field
from dashboard.navigation import link
from dashboard.words import METRICS, number, span
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
)


def _take_upload() -> None:
    files: list[StoredFile] = upload_field("Choose a video", key="video.upload", accept=ENDINGS)
    if not files or st.session_state.get("video.taken") == files[0].sha256:
        return
    video = attempt(client.add_video, files[0])
    if video is not None:
        st.session_state["video.taken"] = files[0].sha256
        st.session_state["video.new"] = video.id
        st.rerun()


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


def _runs(runs: list[RunRecord]) -> list[str]:
    by_id = {run.id: run for run in runs}

    def name(run: RunRecord) -> str:
        both = [run.best.get(f"ccc_{axis}") for axis in ("valence", "arousal")]
        return f"{run.name} (CCC {number(both[0], 2)} / {number(both[1], 2)})"

    return st.multiselect(
        "Runs", list(by_id), default=list(by_id)[:1], key="video.runs", format_func=labels(runs, name).__getitem__,
        help=f"Each run draws its own curve; faces are found once for all. {METRICS['ccc'][1]}",
    )  # fmt: skip


def analyse_form() -> str | None:
    """The form; returns the id of the analysis just queued."""
    _take_upload()
    videos = need(client.list_videos)
    runs = [run for run in need(client.list_runs) if run.checkpoint_id]
    if not videos:
        st.caption("mp4, mov, avi, mkv or webm. Frames keep their own time stamps; nothing is sent anywhere.")
        return None
    video = _video(videos)
    if not runs:
        st.info("A model is needed to analyse a video, and no run has finished yet.", icon=":material/info:")
        link("train", "Train one", icon=":material/model_training:")
        return None
    chosen = _runs(runs)
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
