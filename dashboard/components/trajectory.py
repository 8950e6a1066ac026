"""An analysed video: player, curves, states of the frames, numbers, downloads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.components.colours import frame_states, series_of
from dashboard.components.frame import is_dark
from dashboard.components.frames import frame_key, nearest
from dashboard.components.guard import need
from dashboard.components.player import player, player_data, stretch_address
from dashboard.components.range_panel import range_panel
from dashboard.components.tables import Cell, Row, draw_table
from dashboard.components.track_edits import face_label, track_edits
from dashboard.components.upload import base_path
from dashboard.components.video_events import video_events
from dashboard.curves import Curves, View, read_again, read_once
from dashboard.navigation import link
from dashboard.words import number
from workers import client
from workers.records import AnalysisRecord, TrackRecord

MAX_POINTS = 6000
LARGEST = -1
FILES_HELP = (
    "csv: values as they were found. The other files also hold the band around them and, where it is chosen above, the"
    " smoothed values and those from the neutral face, in columns of their own."
)


def _choose_track(faces: Sequence[TrackRecord], analysis_id: str) -> int | None:
    """The face to follow; ``None``: the largest in each frame."""
    shown = [face for face in faces if not face.is_excluded]
    if len(shown) < 2:
        return None
    names = {LARGEST: "the largest face in each frame"} | {face.track: face_label(face) for face in shown}
    key = f"video.track.{analysis_id}"
    if st.session_state.get(key) not in names:
        st.session_state[key] = LARGEST
    chosen = st.selectbox(
        "Face", list(names), key=key, format_func=names.__getitem__,
        help="Each person the tracker told apart, longest first. Someone who leaves and comes back may get a new number.",
    )  # fmt: skip
    return None if chosen == LARGEST else chosen


def _choose_smoothing(analysis: AnalysisRecord) -> float:
    """Window of the running mean that the curves show, in seconds; 0: the values themselves."""
    return float(
        st.number_input(
            "Smoothing (s)", 0.0, 60.0, float(analysis.options.get("smooth_s") or 0.0), 0.2, format="%.1f",
            key=f"video.smooth.{analysis.id}", width=140,
            help="Curves show a running mean over so many seconds, never over a gap. Numbers and downloads keep"
            " the values themselves.",
        )
    )  # fmt: skip


def _choose_neutral(faces: Sequence[TrackRecord], analysis_id: str) -> bool:
    """Whether curves start from each person's neutral face; offered where one is known."""
    if not any(face.neutral for face in faces):
        return False
    return st.toggle(
        "From neutral", key=f"video.neutral.{analysis_id}",
        help="Curves show values less those of the person's neutral face; faces without one show none.",
    )  # fmt: skip


def _choose_band(analysis: AnalysisRecord) -> bool:
    """Whether the disagreement between models is shaded; asked where there are several."""
    if len(analysis.run_ids) < 2:
        return False
    return st.toggle(
        "Disagreement", value=True, key=f"video.band.{analysis.id}",
        help="Shade from the lowest to the highest of the models.",
    )  # fmt: skip


def _choose_runs(analysis: AnalysisRecord) -> list[str]:
    """The models whose curves are shown."""
    if len(analysis.run_ids) < 2:
        return analysis.run_ids
    names = dict(zip(analysis.run_ids, analysis.names, strict=True))
    chosen = st.multiselect(
        "Models", analysis.run_ids, default=analysis.run_ids, key=f"video.runs.{analysis.id}",
        format_func=names.__getitem__, help="Whose curves are shown; none: all.",
    )  # fmt: skip
    return chosen or analysis.run_ids


def _downloads(analysis: AnalysisRecord, view: View) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        for run_id, name in zip(analysis.run_ids, analysis.names, strict=True):
            st.markdown(
                f":material/download: {' · '.join(export_links(view, run_id, name))}", help=FILES_HELP
            )
        link(
            "maps",
            "Activation maps of this video",
            icon=":material/blur_on:",
            query={"analysis": analysis.id},
        )


def export_links(view: View, run_id: str, name: str) -> list[str]:
    """Links to a model's trajectory as files; smoothing and neutral face chosen in ``view`` come as columns of their own."""
    address = f"{base_path()}/export/trajectory/{view.analysis_id}/{run_id}"
    chosen = ({"smooth_s": f"{view.smooth_s:g}"} if view.smooth_s else {}) | (
        {"calibrated": "1"} if view.is_calibrated else {}
    )
    query = f"?{urlencode(chosen)}" if chosen else ""
    shown = [f"[csv, as shown]({address}/full.csv{query})"] if chosen else []
    return [
        f"[{name} as csv]({address}.csv)",
        *shown,
        *(
            f"[{word}]({address}/full.{kind}{query})"
            for word, kind in (("parquet", "parquet"), ("JSON", "json"))
        ),
    ]


def _states(table: pd.DataFrame) -> None:
    counts = table["state"].astype(str).value_counts()
    rows = []
    for state, (colour, meaning) in frame_states().items():
        count = int(counts.get(state, 0))
        words = [Cell(state.replace("_", " "), dot=colour), Cell(meaning, is_words=True)]
        rows.append(Row([*words, Cell(f"{count:,}"), Cell(f"{count / len(table):.1%}")], is_quiet=not count))
    heads = [("State", ""), ("Meaning", ""), ("Frames", ""), ("Share", "")]
    draw_table(heads, rows, caption="Each decoded frame has exactly one state.")


def _numbers(tables: Mapping[str, pd.DataFrame], series: Mapping[str, charts.Series]) -> None:
    rows = []
    for run_id, table in tables.items():
        cells = [
            Cell(series[run_id].name, dot=series[run_id].colour),
            Cell(f"{table['valence'].notna().sum():,}"),
        ]
        for axis in ("valence", "arousal"):
            values = table[axis]
            spread = f"{number(values.min(), 2)} … {number(values.max(), 2)}"
            cells.append(Cell(f"{number(values.mean(), 2)} ± {number(values.std(), 2)}", below=spread))
        rows.append(Row(cells))
    heads = [
        ("Run", ""),
        ("Frames with a value", ""),
        ("Valence", "Mean ± standard deviation over these frames; below, the lowest and the highest value."),
        ("Arousal", "Mean ± standard deviation over these frames; below, the lowest and the highest value."),
    ]
    draw_table(heads, rows)


def _curves(
    analysis_id: str,
    tables: Mapping[str, pd.DataFrame],
    series: Mapping[str, charts.Series],
    labels: pd.DataFrame | None,
) -> None:
    """Curves that can be zoomed and saved; a click on one chooses the frame."""
    event = st.plotly_chart(
        charts.trajectory_curves(
            _together(tables),
            series=series,
            labels=labels,
            playhead_ms=_playhead_ms(analysis_id, tables),
            dark=is_dark(),
        ),
        key=f"video.chart.{analysis_id}",
        on_select="rerun",
        selection_mode="points",
        config=charts.CONFIG,
        alt="Valence and arousal over time; gaps where there is no face",
    )
    _follow_click(analysis_id, event)


def _path(analysis_id: str, tables: Mapping[str, pd.DataFrame], series: Mapping[str, charts.Series]) -> None:
    st.plotly_chart(
        charts.circumplex_path(
            _together(tables),
            series=series,
            playhead_ms=_playhead_ms(analysis_id, tables),
            dark=is_dark(),
            height=560,
        ),
        key=f"video.path.{analysis_id}",
        config=charts.CONFIG,
        alt="Path of the expression on the circumplex over the whole video",
    )


def _together(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The tables of all runs, one below the other."""
    return pd.concat([table.assign(run_id=run_id) for run_id, table in tables.items()])


def _playhead_ms(analysis_id: str, tables: Mapping[str, pd.DataFrame]) -> float:
    """Time of the frame that the reader looks at."""
    first = next(iter(tables.values()))
    frame = st.session_state.get(frame_key(analysis_id))
    frames = first["frame"].to_numpy()
    place = (
        0 if frame is None else int(np.abs(frames - frame).argmin())
    )  # few of the frames of a long video are here
    return float(first["pts_ms"].iloc[place])


def _follow_click(analysis_id: str, event: Any) -> None:
    """Seek to the frame of a curve's point that was clicked, once per click."""
    points = event["selection"]["points"] if event else []
    clicked = points[0].get("customdata") if points else None
    if isinstance(clicked, list):
        clicked = clicked[0] if clicked else None
    key = f"{frame_key(analysis_id)}.clicked"
    if clicked is not None and st.session_state.get(key) != clicked:
        st.session_state[key] = clicked
        seek(analysis_id, int(clicked))
        st.rerun(scope="fragment")


def seek(analysis_id: str, frame: int, track: int | None = None) -> None:
    """Make the player jump, and follow a face if one is given."""
    if track is not None:
        st.session_state[f"video.track.{analysis_id}"] = track
    key = frame_key(analysis_id)
    st.session_state[key] = frame
    st.session_state[f"{key}.token"] = int(st.session_state.get(f"{key}.token", 0)) + 1


def _view(analysis: AnalysisRecord, faces: Sequence[TrackRecord]) -> tuple[View, list[str], bool]:
    """What the reader wants to see: curves, models, and whether their disagreement is shaded."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="video-view"):
        runs = _choose_runs(analysis)
        track = _choose_track(faces, analysis.id)
        smooth_s = _choose_smoothing(analysis)
        has_band = _choose_band(analysis)
        is_calibrated = _choose_neutral(faces, analysis.id)
    version = hashlib.sha256(repr((faces, analysis.video.labels)).encode()).hexdigest()[:16]
    return View(analysis.id, track, smooth_s, is_calibrated, version), runs, has_band


def _player(
    analysis: AnalysisRecord,
    view: View,
    curves: Curves,
    series: Mapping[str, charts.Series],
    *,
    has_band: bool,
) -> tuple[int, int] | None:
    """The player itself; the range that the reader chose."""
    key = frame_key(analysis.id)
    range_key = f"video.range.{analysis.id}.{view.track}"
    wanted = {"frame": st.session_state.get(key), "token": st.session_state.get(f"{key}.token", 0)}
    is_final = analysis.state.is_final
    data = player_data(
        analysis, curves, series, wanted,
        stretch_url=stretch_address(view) if is_final else "", has_band=has_band, chosen=st.session_state.get(range_key),
    )  # fmt: skip
    rest = player(data, key=f"video.player.{analysis.id}.{view.track}")
    if rest.frame is not None:
        st.session_state[key] = rest.frame
    st.session_state[range_key] = rest.chosen
    st.caption(
        "Space plays, ← and → step by frame, + and − zoom, [ and ] set the ends of a range. Click a curve to go there."
    )
    return rest.chosen


@st.fragment
def trajectory_view(analysis_id: str) -> None:
    """Everything about an analysis that has points; moving the player redraws this part only."""
    analysis = need(client.get_analysis, analysis_id)
    faces = need(client.tracks, analysis_id)
    view, runs, has_band = _view(analysis, faces)
    whole = need(read_once if analysis.state.is_final else read_again, view)
    if whole is None:
        if not analysis.state.is_final:
            st.info("No frame has been read yet.", icon=":material/hourglass_top:")
        return
    curves = whole.of_runs(runs)
    methods = need(client.run_methods, analysis.run_ids)
    series = series_of(dict(zip(analysis.run_ids, analysis.names, strict=True)), methods)
    key = frame_key(analysis_id)
    if st.session_state.get(key) is not None:
        st.session_state[key] = nearest(curves.frames.tolist(), st.session_state[key])
    chosen = _player(analysis, view, curves, series, has_band=has_band)
    if chosen is not None:
        range_panel(analysis, view.track, curves, series, chosen)
    _downloads(analysis, view)
    if analysis.state.is_final:
        track_edits(analysis_id, faces)
    _tabs(analysis, faces, view, curves, series)


def _tabs(
    analysis: AnalysisRecord,
    faces: Sequence[TrackRecord],
    view: View,
    curves: Curves,
    series: Mapping[str, charts.Series],
) -> None:
    """More about the whole video; only the tab in sight is computed and drawn."""
    analysis_id = analysis.id
    titles = ["Numbers", "Events", "States of the frames", "Charts to zoom", "Path"]
    numbers, events, states, zoom, path = st.tabs(titles, key=f"video.more.{analysis_id}", on_change="rerun")
    if numbers.open:
        with numbers:
            _numbers(curves.raw, series)
    if events.open:
        with events:
            names = {face.track: face.name for face in faces if not face.is_excluded}
            video_events(
                analysis, list(curves.raw), track=view.track, version=view.version, frames=len(curves.frames),
                names=names, seek=seek,
            )  # fmt: skip
    if states.open:
        with states:
            _states(next(iter(curves.raw.values())))
    if zoom.open:
        with zoom:
            _curves(analysis_id, curves.thinned(MAX_POINTS), series, curves.labels)
    if path.open:
        with path:
            _path(analysis_id, curves.thinned(MAX_POINTS), series)
