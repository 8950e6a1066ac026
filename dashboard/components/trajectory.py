"""An analysed video: player, curves, states of the frames, numbers, downloads."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.components.frames import frame_key, nearest
from dashboard.components.guard import need
from dashboard.components.player import of_track, player, player_data
from dashboard.components.tables import Cell, Row, draw_table
from dashboard.components.upload import base_path
from dashboard.navigation import link
from dashboard.words import FRAME_STATES, number
from workers import client
from workers.records import AnalysisRecord

MAX_POINTS = 6000


def _tracks(points: pd.DataFrame) -> list[int]:
    """Faces, the one seen longest first."""
    return [int(track) for track in points["track"].dropna().value_counts().index]


def _choose_track(points: pd.DataFrame, analysis_id: str) -> int | None:
    tracks = _tracks(points)
    if len(tracks) < 2:
        return tracks[0] if tracks else None
    seen = points["track"].value_counts()
    return st.selectbox(
        "Face", tracks, key=f"video.track.{analysis_id}", format_func=lambda track: f"face {track} — {seen[track]:,} frames",
        help="Each person the tracker told apart; longest first.",
    )  # fmt: skip


def _downloads(analysis: AnalysisRecord) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        for run_id, name in zip(analysis.run_ids, analysis.names, strict=True):
            address = f"{base_path()}/export/trajectory/{analysis.id}/{run_id}.csv"
            st.markdown(f":material/download: [{name} as csv]({address})")
        link("maps", "Activation maps of this video", icon=":material/blur_on:", query={"analysis": analysis.id})


def _states(table: pd.DataFrame) -> None:
    counts = table["state"].astype(str).value_counts()
    rows = [
        Row([Cell(state.replace("_", " "), dot=colour, hover=meaning), Cell(meaning, is_words=True), Cell(f"{counts.get(state, 0):,}"),
             Cell(f"{counts.get(state, 0) / len(table):.1%}")])
        for state, (colour, meaning) in FRAME_STATES.items()
    ]  # fmt: skip
    draw_table([("State", ""), ("Meaning", ""), ("Frames", ""), ("Share", "")], rows, caption="Each decoded frame has one state.")


def _numbers(analysis: AnalysisRecord, tables: dict[str, pd.DataFrame]) -> None:
    rows = []
    for (run_id, table), name in zip(tables.items(), analysis.names, strict=False):
        del run_id
        cells = [Cell(name), Cell(f"{table['valence'].notna().sum():,}")]
        for axis in ("valence", "arousal"):
            values = table[axis]
            spread = f"{number(values.min(), 2)} … {number(values.max(), 2)}"
            cells.append(Cell(f"{number(values.mean(), 2)} ± {number(values.std(), 2)}", below=spread))
        rows.append(Row(cells))
    heads = [("Run", ""), ("Frames with a value", ""), ("Valence", "mean ± sd, range"), ("Arousal", "mean ± sd, range")]
    draw_table(heads, rows)


def _charts(analysis: AnalysisRecord, tables: dict[str, pd.DataFrame], methods: dict[str, str]) -> None:
    """Charts that can be zoomed and saved; a click on a curve chooses the frame."""
    names = dict(zip(analysis.run_ids, analysis.names, strict=True))
    together = pd.concat([table.assign(run=names[run_id], run_id=run_id) for run_id, table in tables.items()])
    colours = {names[run_id]: charts.colour_of(method) for run_id, method in methods.items() if run_id in names}
    key = frame_key(analysis.id)
    frame = int(st.session_state.get(key, together["frame"].iloc[0]))
    event = st.plotly_chart(
        charts.trajectory(together, colours=colours, frame=frame),
        key=f"video.chart.{analysis.id}",
        on_select="rerun",
        selection_mode="points",
        config=charts.CONFIG,
        alt="Valence and arousal over time; gaps where there is no face",
    )
    points = event.selection.points if event else []
    if points and "x" in points[0]:
        first = next(iter(tables.values()))
        clicked = int(first.loc[(first["pts_ms"] / 1000 - float(points[0]["x"])).abs().idxmin(), "frame"])
        if st.session_state.get(f"{key}.clicked") != clicked:
            st.session_state[f"{key}.clicked"] = clicked
            _seek(analysis.id, clicked)
            st.rerun(scope="fragment")
    st.plotly_chart(
        charts.circumplex_path(together, colours=colours, frame=frame),
        key=f"video.path.{analysis.id}",
        config=charts.CONFIG,
        alt="Path of the expression on the circumplex",
    )


def _seek(analysis_id: str, frame: int) -> None:
    """Make the player jump."""
    key = frame_key(analysis_id)
    st.session_state[key] = frame
    st.session_state[f"{key}.token"] = int(st.session_state.get(f"{key}.token", 0)) + 1


@st.fragment
def trajectory_view(analysis_id: str) -> None:
    """Everything about an analysis that has points; moving the player redraws this part only."""
    analysis = need(client.get_analysis, analysis_id)
    points = need(client.trajectory, analysis_id, max_points=MAX_POINTS)
    if points.empty:
        st.info("No frame has been read yet.", icon=":material/hourglass_top:")
        return
    methods = {run.id: run.method for run in need(client.list_runs) if run.id in analysis.run_ids}
    by_run = {run_id: points[points["run_id"] == run_id] for run_id in analysis.run_ids}
    by_run = {run_id: rows for run_id, rows in by_run.items() if len(rows)}
    track = _choose_track(next(iter(by_run.values())), analysis_id)
    tables = {run_id: of_track(rows, track) for run_id, rows in by_run.items()}
    key = frame_key(analysis_id)
    seek = {"frame": st.session_state.get(key), "token": st.session_state.get(f"{key}.token", 0)}
    rests_at = player(player_data(analysis, tables, methods, seek), key=f"video.player.{analysis_id}.{track}")
    if rests_at is not None:
        st.session_state[key] = nearest([int(frame) for frame in next(iter(tables.values()))["frame"]], rests_at)
    st.caption("Space plays, ← and → step by frame. Click a curve to go there.")
    _downloads(analysis)
    curves, states, numbers = st.tabs(["Charts to zoom", "States of the frames", "Numbers"])
    with curves:
        _charts(analysis, tables, methods)
    with states:
        _states(next(iter(tables.values())))
    with numbers:
        _numbers(analysis, tables)
