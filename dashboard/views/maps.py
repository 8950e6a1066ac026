"""Where a model looks: activation maps for valence and for arousal."""

from __future__ import annotations

from typing import Any

import streamlit as st

from avce.errors import AvceError
from avce.options import MOST_MAP_FRAMES, Axis, Head, MapFrames, MapOptions
from avce.video.keyframes import choose_key_frames
from avce.video.one_face import one_face
from dashboard.components.forms import help_of
from dashboard.components.frames import frame_key
from dashboard.components.guard import attempt, need, show
from dashboard.components.jobs import job_follow
from dashboard.components.map_gallery import map_gallery
from dashboard.components.map_sections import HEADS
from dashboard.components.pick import pick
from dashboard.navigation import link
from dashboard.words import stamp
from workers import client
from workers.records import AnalysisRecord
from workers.states import JobState

MAX_POINTS = 4000
WHICH = {
    "chosen": "Chosen",
    "every": "Every n-th",
    "peaks": "Peaks and turning points",
    "all": f"All, up to {MOST_MAP_FRAMES}",
}


def _frames(analysis: AnalysisRecord) -> list[int]:
    points = need(client.trajectory, analysis.id, run_id=analysis.run_ids[0], max_points=MAX_POINTS)
    usable = sorted(int(frame) for frame in points.dropna(subset=["valence"])["frame"].unique())
    if not usable:
        return []
    looked_at = st.session_state.get(frame_key(analysis.id))
    keys = [key.frame for key in choose_key_frames([one_face(points, None)])]
    first = keys + ([looked_at] if looked_at in usable else [])
    return st.multiselect(
        "Frames", usable, default=sorted(set(first)), key=f"maps.frames.{analysis.id}",
        help="Suggested: peaks and turning points of valence and arousal, and the frame at which the player rests.",
    )  # fmt: skip


@st.cache_data(ttl=30, max_entries=64, show_spinner="Looking for frames …")
def _found(analysis_id: str, which: str, every: int) -> list[int]:
    """Frames that a job would draw over; the whole trajectory is read for it."""
    return client.frames_of_maps(analysis_id, MapOptions(which=MapFrames(which), every=every))


def _which(analysis: AnalysisRecord) -> tuple[dict[str, Any], list[int]]:
    """Which frames: the options that say so, and the frames themselves."""
    which = st.segmented_control(
        "Which frames", list(WHICH), format_func=WHICH.__getitem__, default="chosen", key="maps.which", required=True,
        help=f"One job draws over at most {MOST_MAP_FRAMES} frames; frames without a face cannot have a map.",
    )  # fmt: skip
    if which == "chosen":
        return {"which": which}, _frames(analysis)
    every = 10
    if which == "every":
        every = int(
            st.number_input("Every n-th frame with a face", 1, 100_000, 10, key="maps.every", width=220)
        )
    found = attempt(_found, analysis.id, str(which), every)
    if found:
        st.caption(f"{len(found):,} frames, from {found[0]:,} to {found[-1]:,}.")
    return {"which": which, "every": every}, found or []


def _what() -> dict[str, Any]:
    """Which outputs, heads and extras."""
    left, right = st.columns([1, 2])
    axes = left.pills(
        "Outputs",
        [str(axis) for axis in Axis],
        selection_mode="multi",
        default=[str(axis) for axis in Axis],
        key="maps.axes",
    )
    heads = right.pills(
        "Heads", [str(head) for head in Head], selection_mode="multi", default=["R"], key="maps.heads", wrap=True,
        format_func=HEADS.__getitem__, help="Only AVCE models have the head H; other runs are left out for it.",
    )  # fmt: skip
    with_features = st.toggle(
        "Mean activation of the encoder",
        key="maps.features",
        help=help_of(MapOptions.model_fields["features"]),
    )
    return {"axes": axes, "heads": heads, "features": with_features}


def _form(analysis: AnalysisRecord) -> None:
    which, frames = _which(analysis)
    what = _what()
    if not frames:
        st.caption("Choose at least one frame; frames without a face cannot have a map.")
    ready = bool(frames and what["axes"] and what["heads"])
    if st.button(
        "Draw maps", key="maps.start", type="primary", icon=":material/blur_on:", disabled=not ready
    ):
        try:
            options = MapOptions.parse(which | what)
        except AvceError as error:
            show(error)
            return
        named = frames if which["which"] == "chosen" else []
        job = attempt(client.draw_maps, analysis.id, named, options)
        if job is not None:
            st.session_state[f"maps.job.{analysis.id}"] = job.id


def page() -> None:
    """Activation maps."""
    st.title("Activation maps", anchor=False)
    st.markdown(
        "Which parts of the face moved the model's valence, and which its arousal: Grad-CAM-style maps"
        " of the encoder's last layer; the numbers beside each say whether to believe it."
    )
    analyses = [item for item in need(client.list_analyses) if item.state is JobState.SUCCEEDED]
    if not analyses:
        st.info(
            "Maps are drawn over frames of an analysed video, and there is none yet.", icon=":material/info:"
        )
        link("video", "Analyse a video", icon=":material/movie:")
        return
    analysis = pick(
        "Analysis",
        analyses,
        lambda item: f"{item.video.name} — {', '.join(item.names)}, {stamp(item.created_at)}",
        param="analysis",
        key="maps.analysis",
    )
    with st.container(border=True):
        _form(analysis)
    job_follow(st.session_state.get(f"maps.job.{analysis.id}"), prefix="maps")
    items = need(client.maps, analysis.id)
    if items:
        map_gallery(analysis.id, items)
    else:
        st.caption("No map of this analysis has been drawn yet.")
