"""Where the labels lie, and the faces behind a place of the plane: click it, or draw a box."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import charts
from dashboard.components.guard import need
from dashboard.words import AROUSAL, VALENCE, number
from workers import client
from workers.records import DatasetRecord, SampleRecord

SPLITS = {"train": "Training", "val": "Validation", "test": "Test"}
SAMPLES_PER_ROW = 8
REACH = 0.1
"""A click means labels so near on each axis."""

CONFIG = charts.CONFIG | {"modeBarButtonsToRemove": ["lasso2d", "autoScale2d"]}
"""With the button for boxes."""

Region = tuple[float, float, float, float]


def _plane_key(dataset_id: str) -> str:
    return f"dataset.plane.{dataset_id}.{st.session_state.get('dataset.plane_epoch', 0)}"


def region_of(selection: Any) -> Region | None:
    """The part of the plane that a selection in the chart means; nothing where nothing is selected."""
    boxes, points = (getattr(selection, name, None) or [] for name in ("box", "points"))
    if boxes:
        x, y = (sorted(float(edge) for edge in boxes[-1][axis]) for axis in ("x", "y"))
        return x[0], x[-1], y[0], y[-1]
    if points:
        x0, y0 = float(points[-1]["x"]), float(points[-1]["y"])
        return x0 - REACH, x0 + REACH, y0 - REACH, y0 + REACH
    return None


def chosen_region(dataset_id: str) -> Region | None:
    """The region that the reader chose in :func:`plane`."""
    state = st.session_state.get(_plane_key(dataset_id))
    return region_of(getattr(state, "selection", None))


def plane(dataset: DatasetRecord, points: Any) -> None:
    """Density of the labels, which can be clicked, and histograms."""
    st.header(
        "Where the labels lie",
        anchor=False,
        help=f"{VALENCE}  \n{AROUSAL}  \nClick a place to see its faces, or draw a box with the tool above the chart.",
    )
    density, axes = st.tabs(["On the plane", "Each axis"], key="dataset.spread", on_change="rerun")
    with density:
        st.plotly_chart(
            charts.label_density(points, can_choose=True),
            key=_plane_key(dataset.id),
            on_select="rerun",
            selection_mode=("points", "box"),
            config=CONFIG,
            alt="Density of the labels on the plane of valence and arousal; a click shows the faces of that place",
        )
    if axes.open:
        axes.plotly_chart(
            charts.split_histograms(points),
            key="dataset.histograms",
            config=charts.CONFIG,
            alt="Histograms of valence and arousal for each split",
        )


def _sample(sample: SampleRecord) -> None:
    words = f"valence {number(sample.valence, 2)}, arousal {number(sample.arousal, 2)}"
    st.image(sample.jpeg, width="stretch", alt=f"Face of {sample.subject or 'an unnamed subject'}, {words}")
    who = " · ".join(part for part in (sample.subject, sample.split) if part)
    st.caption(f"V {number(sample.valence, 2)} · A {number(sample.arousal, 2)}  \n{who}")


def _show_all() -> None:
    """A new chart has nothing selected."""
    st.session_state["dataset.plane_epoch"] = int(st.session_state.get("dataset.plane_epoch", 0)) + 1


def _bar(region: Region | None) -> str:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.header("Faces", anchor=False)
        st.space("stretch")
        split = st.segmented_control(
            "Split",
            ["all", *SPLITS],
            default="all",
            required=True,
            key="dataset.split",
            label_visibility="collapsed",
        )
        if region is not None:
            st.button("Whole plane", key="dataset.whole", icon=":material/close:", on_click=_show_all)
        if st.button("Others", key="dataset.shuffle", icon=":material/shuffle:", help="Show other faces."):
            st.session_state["dataset.seed"] = int(st.session_state.get("dataset.seed", 0)) + 1
    return split or "all"


def faces(dataset: DatasetRecord) -> None:
    """Random faces with label, subject and split: of the chosen region, else of all."""
    region = chosen_region(dataset.id)
    split = _bar(region)
    samples = need(
        client.dataset_samples,
        dataset.id,
        split=None if split == "all" else split,
        region=region,
        limit=2 * SAMPLES_PER_ROW,
        seed=int(st.session_state.get("dataset.seed", 0)),
    )
    if region is None:
        st.caption(
            "Click a place of the plane to see the faces with such labels; the box tool above it takes a region."
        )
    else:
        v0, v1, a0, a1 = (number(edge, 2) for edge in region)
        st.caption(f"Valence {v0} to {v1}, arousal {a0} to {a1}.")
    if not samples:
        st.caption("No face there." if region else "No samples in this split.")
    with st.container(key="tiles-samples"):
        for start in range(0, len(samples), SAMPLES_PER_ROW):
            columns = st.columns(SAMPLES_PER_ROW, gap="small")
            for column, sample in zip(columns, samples[start : start + SAMPLES_PER_ROW], strict=False):
                with column:
                    _sample(sample)
