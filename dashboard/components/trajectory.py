"""An analysed video: player, curves, states of the frames, numbers, downloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from avce.video.one_face import one_face
from dashboard import charts
from dashboard.components.colours import frame_states, series_of
from dashboard.components.frame import is_dark
from dashboard.components.frames import frame_key, nearest
from dashboard.components.guard import need
from dashboard.components.player import player, player_data
from dashboard.components.tables import Cell, Row, draw_table
from dashboard.components.track_edits import face_label, track_edits
from dashboard.components.upload import base_path
from dashboard.navigation import link
from dashboard.words import number
from workers import client
from workers.records import AnalysisRecord, TrackRecord

MAX_POINTS = 6000
LARGEST = -1


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
            key=f"video.smooth.{analysis.id}",
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


@st.cache_data(max_entries=4, show_spinner=False)
def _smoothed(analysis_id: str, smooth_s: float, version: str, *, is_calibrated: bool) -> pd.DataFrame:
    """Points with their running mean; the version tells corrected faces apart."""
    del version
    return client.trajectory(
        analysis_id, max_points=MAX_POINTS, smooth_s=smooth_s, is_calibrated=is_calibrated
    )


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    """What curves show in the place of the values: their running mean, and how far they are from neutral."""
    shown = table.copy()
    for axis in ("valence", "arousal"):
        if f"{axis}_smoothed" in table:
            shown[axis] = table[f"{axis}_smoothed"]
        if f"{axis}_calibrated" in table:
            shown[axis] += table[f"{axis}_calibrated"] - table[axis]
        for limit in (f"{axis}_low", f"{axis}_high"):
            shown[limit] += shown[axis] - table[axis]  # a band goes along with its curve
    return shown


def _downloads(analysis: AnalysisRecord) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        for run_id, name in zip(analysis.run_ids, analysis.names, strict=True):
            address = f"{base_path()}/export/trajectory/{analysis.id}/{run_id}.csv"
            st.markdown(f":material/download: [{name} as csv]({address})")
        link(
            "maps",
            "Activation maps of this video",
            icon=":material/blur_on:",
            query={"analysis": analysis.id},
        )


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
        ("Valence", "mean ± sd, range"),
        ("Arousal", "mean ± sd, range"),
    ]
    draw_table(heads, rows)


def _curves(
    analysis_id: str, tables: Mapping[str, pd.DataFrame], series: Mapping[str, charts.Series]
) -> None:
    """Curves that can be zoomed and saved; a click on one chooses the frame."""
    event = st.plotly_chart(
        charts.trajectory_curves(
            _together(tables), series=series, playhead_ms=_playhead_ms(analysis_id, tables), dark=is_dark()
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
    rows = first.loc[first["frame"] == frame, "pts_ms"]
    return float(rows.iloc[0] if len(rows) else first["pts_ms"].iloc[0])


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


@st.fragment
def trajectory_view(analysis_id: str) -> None:
    """Everything about an analysis that has points; moving the player redraws this part only."""
    analysis = need(client.get_analysis, analysis_id)
    faces = need(client.tracks, analysis_id)
    choice, smoothing = st.columns([3, 1], vertical_alignment="bottom")
    with smoothing:
        smooth_s = _choose_smoothing(analysis)
        is_calibrated = _choose_neutral(faces, analysis_id)
    if smooth_s and analysis.state.is_final:
        points = need(_smoothed, analysis_id, smooth_s, repr(faces), is_calibrated=is_calibrated)
    else:
        points = need(client.trajectory, analysis_id, max_points=MAX_POINTS, is_calibrated=is_calibrated)
    if points.empty:
        if not analysis.state.is_final:
            st.info("No frame has been read yet.", icon=":material/hourglass_top:")
        return
    methods = need(client.run_methods, analysis.run_ids)
    series = series_of(dict(zip(analysis.run_ids, analysis.names, strict=True)), methods)
    by_run = {run_id: points[points["run_id"] == run_id] for run_id in analysis.run_ids}
    by_run = {run_id: rows for run_id, rows in by_run.items() if len(rows)}
    with choice:
        track = _choose_track(faces, analysis_id)
    raw = {run_id: one_face(rows, track) for run_id, rows in by_run.items()}
    tables = {run_id: _shown(rows) for run_id, rows in raw.items()}
    key = frame_key(analysis_id)
    frames = [int(frame) for frame in next(iter(tables.values()))["frame"]]
    if st.session_state.get(key) is not None:
        st.session_state[key] = nearest(frames, st.session_state[key])
    wanted = {"frame": st.session_state.get(key), "token": st.session_state.get(f"{key}.token", 0)}
    rests_at = player(
        player_data(analysis, tables, series, wanted), key=f"video.player.{analysis_id}.{track}"
    )
    if rests_at is not None:
        st.session_state[key] = nearest(frames, rests_at)
    st.caption("Space plays, ← and → step by frame. Click a curve to go there.")
    _downloads(analysis)
    if analysis.state.is_final:
        track_edits(analysis_id, faces)
    curves, path, states, numbers = st.tabs(["Charts to zoom", "Path", "States of the frames", "Numbers"])
    with curves:
        _curves(analysis_id, tables, series)
    with path:
        _path(analysis_id, tables, series)
    with states:
        _states(next(iter(tables.values())))
    with numbers:
        _numbers(raw, series)
