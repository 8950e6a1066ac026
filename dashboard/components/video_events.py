"""Events of an analysed video: what, when, how much, and a button that brings the player there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.components.upload import base_path
from dashboard.words import number
from workers import client
from workers.records import AnalysisRecord

KINDS = {
    "peak": ("Peak", "Highest point that stands out from both sides; the value is its height."),
    "trough": ("Low", "Lowest point that stands out from both sides; the value is its height."),
    "rise": ("Rise", "Up by 0.3 or more within 2 s; the value is the change."),
    "fall": ("Fall", "Down by 0.3 or more within 2 s; the value is the change."),
    "dwell": ("Stay", "A second or more in one quadrant; the value is its share of the face's time."),
}
"""Kind → name, and what it and its value mean."""
PER_PAGE = 10
WIDTHS = (0.9, 1.6, 2.0, 0.9, 1.0, 1.0)
HEADS = ("Kind", "Time", "Axis or quadrant", "Value", "Duration", "Face")

Seek = Callable[[str, int, int | None], None]
"""Brings the player of an analysis to a frame, and to a face if one is given."""


@st.cache_data(ttl=600, max_entries=16, show_spinner="Looking for events …")
def _found(analysis_id: str, run_id: str, version: str, frames: int) -> pd.DataFrame:
    """Events of a run; corrected faces and further frames make another question."""
    del version, frames
    return client.events(analysis_id, run_id)


def clock(seconds: float) -> str:
    """Minutes and seconds, to a tenth."""
    tenths = round(10 * seconds)
    return f"{tenths // 600}:{tenths % 600 / 10:04.1f}"


def video_events(
    analysis: AnalysisRecord,
    runs: Sequence[str],
    *,
    track: int | None,
    version: str,
    frames: int,
    names: dict[int, str],
    seek: Seek,
) -> None:
    """The table.

    Args:
        analysis: The analysis.
        runs: Whose values; asked for where there are several.
        track: Only this face; ``None``: all.
        version: Another one where faces were corrected.
        frames: How many are known; more while the analysis runs.
        names: Face → its name; named in the table where there are several.
        seek: What a button does.
    """
    run_id = _choose_run(analysis, runs)
    found = _found(analysis.id, run_id, version, frames)
    if track is not None:
        found = found[found["track"] == track]
    kinds = [kind for kind in KINDS if kind in set(found["kind"])]
    if len(kinds) > 1:
        chosen = st.pills(
            "Kinds", kinds, selection_mode="multi", format_func=lambda kind: KINDS[kind][0],
            key=f"video.events.kinds.{analysis.id}", label_visibility="collapsed",
        )  # fmt: skip
        found = found[found["kind"].isin(chosen)] if chosen else found
    address = f"{base_path()}/export/events/{analysis.id}/{run_id}.csv"
    st.markdown(
        f"**{len(found):,} events.** A click on a time brings the player there. :material/download: [events as csv]({address})",
        help="  \n".join(f"**{name}**: {text}" for name, text in KINDS.values()),
    )
    if found.empty:
        st.caption("No value stands out, changes quickly, or stays in one quadrant for a second.")
        return
    shown = _page(analysis.id, found)
    with st.container(gap=None):
        _rows(analysis.id, shown, names, seek)


def _choose_run(analysis: AnalysisRecord, runs: Sequence[str]) -> str:
    if len(runs) < 2:
        return runs[0]
    names = dict(zip(analysis.run_ids, analysis.names, strict=True))
    return str(
        st.selectbox(
            "By the values of", runs, format_func=names.__getitem__, key=f"video.events.run.{analysis.id}"
        )
    )


def _page(analysis_id: str, found: pd.DataFrame) -> pd.DataFrame:
    pages = -(-len(found) // PER_PAGE)
    if pages < 2:
        return found
    page = int(
        st.number_input(
            f"Page, of {pages}", 1, pages, 1, key=f"video.events.page.{analysis_id}.{pages}", width=140
        )
    )
    return found.iloc[PER_PAGE * (page - 1) : PER_PAGE * page]


def _rows(analysis_id: str, shown: pd.DataFrame, names: dict[int, str], seek: Seek) -> None:
    has_faces = len(names) > 1
    widths = WIDTHS if has_faces else WIDTHS[:-1]
    for column, head in zip(st.columns(widths), HEADS, strict=False):
        column.caption(head)
    records: list[dict[str, Any]] = [
        {str(name): value for name, value in row.items()} for row in shown.to_dict("records")
    ]
    for place, row in enumerate(records):
        kind, frame, face = row["kind"], int(row["first_frame"]), int(row["track"])
        columns = st.columns(widths, vertical_alignment="center")
        columns[0].markdown(KINDS[kind][0])
        columns[1].button(
            clock(row["start_ms"] / 1000), key=f"video.events.go.{analysis_id}.{place}", type="tertiary",
            icon=":material/play_arrow:", on_click=seek, args=(analysis_id, frame, face if has_faces else None),
            help=f"Frame {frame:,}",
        )  # fmt: skip
        columns[2].markdown(row["quadrant"] if kind == "dwell" else row["axis"])
        columns[3].markdown(_value(kind, row["value"]))
        columns[4].markdown("–" if kind in {"peak", "trough"} else f"{row['duration_s']:.2f} s")
        if has_faces:
            columns[5].markdown(names.get(face, f"face {face}"))


def _value(kind: str, value: float) -> str:
    if kind == "dwell":
        return f"{value:.0%}"
    sign = "+" if kind == "rise" else ""
    return sign + number(value, 2)
