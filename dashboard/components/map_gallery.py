"""Activation maps side by side: one row per frame, one column per run, axis and head."""

from __future__ import annotations

import streamlit as st

from dashboard.components.guard import need
from dashboard.words import number
from workers import client
from workers.records import MapRecord

SCORES = {
    "gini": ("sparsity", "Gini index of the map: 0 is spread evenly, 1 is a single point."),
    "deletion": (
        "deletion",
        "How the output holds while the map's strongest parts are hidden; compare maps of one frame.",
    ),
    "insertion": ("insertion", "How the output returns while the map's strongest parts are shown."),
}
PER_LINE = 6
HEADS = {"R": "head R, which predicts", "H": "head H, which judges the attentive view"}


def _score_text(item: MapRecord) -> str:
    return " · ".join(
        f"{SCORES.get(name, (name, ''))[0]} {number(value, 2)}" for name, value in item.scores.items()
    )


def _picture(item: MapRecord) -> None:
    """One map with its scores."""
    face = f", face {item.track}" if item.track is not None else ""
    st.image(
        need(client.map_png, item.id),
        width="stretch",
        alt=f"Where {item.name} looks for {item.axis} in frame {item.frame}{face}",
    )
    meanings = "  \n".join(
        f"**{SCORES[name][0]}**: {SCORES[name][1]}" for name in item.scores if name in SCORES
    )
    st.caption(f"frame {item.frame}{face}  \n{_score_text(item)}", help=meanings or None)


def _axis(items: list[MapRecord]) -> None:
    """All maps of one output: a line for each run and head, frames side by side."""
    lines = dict.fromkeys((item.run_id, item.name, item.head) for item in items)
    for run_id, name, head in sorted(lines, key=lambda line: (line[1], line[2] != "R")):
        st.markdown(f"**{name}** · {HEADS.get(head, head)}")
        mine = [item for item in items if item.run_id == run_id and item.head == head]
        for start in range(0, len(mine), PER_LINE):
            for place, item in zip(
                st.columns(PER_LINE, gap="small"), mine[start : start + PER_LINE], strict=False
            ):
                with place:
                    _picture(item)


def map_gallery(items: list[MapRecord]) -> None:
    """Valence above arousal, as on the poster."""
    st.caption(
        "Warm colours: parts of the face that the output depends on. Cold: parts that do not matter to it."
    )
    for axis in ("valence", "arousal"):
        if any(item.axis == axis for item in items):
            st.subheader(axis.capitalize(), anchor=False)
            with st.container(key=f"maps-{axis}"):
                _axis([item for item in items if item.axis == axis])
