"""The poster's figure of a video: one button draws it, links take it home."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

import streamlit as st

from avce.errors import AvceError
from avce.options import PosterOptions
from avce.poster.contents import MOST_MODELS
from dashboard.components.forms import help_of
from dashboard.components.frames import frame_key
from dashboard.components.guard import attempt, need, show
from dashboard.components.jobs import is_live, job_follow
from dashboard.components.tables import Cell, Row, draw_table
from dashboard.components.upload import base_path
from dashboard.words import number, stamp
from workers import client
from workers.records import AnalysisRecord, PosterRecord
from workers.states import JobState

MAPS = {
    "both": "mean of valence and arousal",
    "valence": "valence",
    "arousal": "arousal",
    "features": "mean activation of the encoder",
}
FILES = {"svg": "SVG", "pdf": "PDF", "png": "PNG", "zip": "everything with the data (zip)"}


def frame_numbers(text: str) -> tuple[int, ...]:
    """Frame numbers in a text, whatever stands between them."""
    return tuple(dict.fromkeys(int(word) for word in re.findall(r"\d+", text)))


def poster_figure(analysis: AnalysisRecord) -> None:
    """Draw the figure, follow its job, show it and hand it out."""
    st.header("Poster figure", anchor=False)
    st.caption(
        "Key frames with the maps of up to four models, tied to the curves of valence and arousal. Key frames are"
        " chosen — the largest gap between models, peaks, turning points — unless you name your own."
    )
    drawn = need(client.list_posters, analysis.id)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        runs = _runs(analysis)
        frames = st.text_input(
            "Key frames", key=_frames_key(analysis.id), placeholder="chosen for you", width=260,
            help="Numbers of up to eight frames, such as 313, 1350, 1562. Empty: chosen.",
        )  # fmt: skip
        st.button(
            "Add the player's frame", key=f"poster.add.{analysis.id}", icon=":material/add:",
            on_click=_add, args=(analysis.id,),
        )  # fmt: skip
        kind = st.selectbox(
            "Maps", list(MAPS), format_func=MAPS.__getitem__, key=f"poster.map.{analysis.id}", width=240,
            help=help_of(PosterOptions.model_fields["map"]),
        )  # fmt: skip
        is_wanted = st.button(
            "Draw poster figure", key=f"poster.draw.{analysis.id}", type="primary", icon=":material/dashboard:",
            disabled=not runs or any(is_live(need(client.get_job, one.job_id)) for one in drawn[:1]),
        )  # fmt: skip
    if is_wanted:
        _draw(analysis, runs, frames, kind)
    if drawn and drawn[0].state is not JobState.SUCCEEDED:
        job_follow(drawn[0].job_id, prefix="poster")
    finished = [one for one in drawn if one.files]
    if finished:
        _shown(finished[0])


def _runs(analysis: AnalysisRecord) -> list[str]:
    """The runs to draw; asked for only where there is something to choose."""
    if len(analysis.run_ids) < 2:
        return analysis.run_ids
    names = dict(zip(analysis.run_ids, analysis.names, strict=True))
    return st.multiselect(
        "Models", analysis.run_ids, default=analysis.run_ids[:MOST_MODELS], max_selections=MOST_MODELS,
        format_func=names.__getitem__, key=f"poster.runs.{analysis.id}", width=340,
    )  # fmt: skip


def _frames_key(analysis_id: str) -> str:
    return f"poster.frames.{analysis_id}"


def _add(analysis_id: str) -> None:
    """Put the frame at which the player rests into the field."""
    frame = st.session_state.get(frame_key(analysis_id)) or 0
    key = _frames_key(analysis_id)
    numbers = dict.fromkeys([*frame_numbers(st.session_state.get(key) or ""), int(frame)])
    st.session_state[key] = ", ".join(map(str, sorted(numbers)))


def _draw(analysis: AnalysisRecord, runs: Sequence[str], frames: str, kind: str) -> None:
    track = int(st.session_state.get(f"video.track.{analysis.id}", -1))
    try:
        options = PosterOptions.parse({"frames": frame_numbers(frames), "map": kind})
    except AvceError as error:
        show(error)
        return
    job = attempt(client.draw_poster, analysis.id, options, run_ids=runs, track=None if track < 0 else track)
    if job is not None:
        st.rerun()


def _shown(poster: PosterRecord) -> None:
    address = f"{base_path()}/export/poster/{poster.id}"
    words = f"Poster figure of {poster.facts['video']}: maps of {len(poster.facts['frames'])} key frames and the curves"
    st.html(
        f'<a href="{address}.svg?show" target="_blank" title="Open large"><img class="avce-poster"'
        f' src="{address}.png?show" alt="{escape(words)}"></a>'
    )
    links = [f":material/download: [{word}]({address}.{kind})" for kind, word in FILES.items()]
    st.markdown(" &nbsp; ".join([*links, f"drawn {stamp(poster.created_at)}"]))
    with st.expander("Key frames in numbers"):
        _numbers(poster)


def _numbers(poster: PosterRecord) -> None:
    rows = []
    for key in poster.facts["frames"]:
        for place, (name, values) in enumerate(key["models"].items()):
            first = [f"{key['frame']}", key["reason"]] if place == 0 else ["", ""]
            figures = [number(values[column], 2) for column in ("valence", "arousal", "gini")]
            rows.append(
                Row(
                    [
                        Cell(first[0]),
                        *(Cell(word, is_words=True) for word in (first[1], name)),
                        *map(Cell, figures),
                    ]
                )
            )
    heads = [("Frame", ""), ("Chosen for", ""), ("Model", ""), ("Valence", ""), ("Arousal", "")]
    draw_table(
        [*heads, ("Sparsity", "Gini index of the map: 0 is spread evenly, 1 is a single point.")], rows
    )
