"""The gallery of activation maps; its script is ``assets/maps.js``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from avce.activation.draw import scale_stops
from dashboard.components.colours import series_of
from dashboard.components.frame import asset
from dashboard.components.guard import need
from dashboard.components.map_sections import Sections
from workers import client
from workers.records import MapRecord

_GALLERY = st.components.v2.component(
    "avce_maps", html=asset("maps.html"), css=asset("maps.css"), js=asset("maps.js")
)
SIDE_BY_SIDE = 24
"""Most frames side by side; a page of hundreds of pictures is slow and shows nothing."""
VIEWS = {
    "axes": "Per axis",
    "heads": "R against H",
    "difference": "Valence less arousal",
    "means": "Means",
    "features": "Encoder",
}
MISSING = {
    "axes": "No map of valence or arousal by head R has been drawn.",
    "heads": "Needs maps of head R and head H of one run; only AVCE models have H. Choose both heads above.",
    "difference": "Needs maps of both outputs.",
    "features": "Switch “Mean activation” on above and draw again.",
    "means": "No map has been drawn.",
}


def map_gallery(analysis_id: str, items: Sequence[MapRecord]) -> None:
    """Choose how to look at the maps, and show them."""
    chosen = st.segmented_control(
        "View", list(VIEWS), format_func=VIEWS.__getitem__, default="axes", key="maps.view", required=True,
        help="Means are over all frames chosen: whole, by quadrant of what the model says, and by face where there are several, in the coordinates of the cut face.",
    )  # fmt: skip
    view = chosen or "axes"
    shown = _frames(analysis_id, items)
    if view != "means":
        shown = _spread(shown)
    runs = {item.run_id: item.name for item in items}
    sections = Sections(shown, series_of(runs, need(client.run_methods, list(runs))))
    built = {
        "axes": sections.per_axis, "heads": sections.heads, "difference": sections.differences, "features": sections.features,
    }.get(view)  # fmt: skip
    found = built() if built else sections.means(need(client.map_points, analysis_id), client.map_sparsity)
    if not found:
        st.info(MISSING[view], icon=":material/info:")
        return
    _GALLERY(key=f"maps.gallery.{view}", data={"scales": [_scale(view)], "sections": found})


def _frames(analysis_id: str, items: Sequence[MapRecord]) -> list[MapRecord]:
    """Maps of the frames that the reader wants to see, all unless they choose."""
    frames = sorted({item.frame for item in items})
    key = f"maps.shown.{analysis_id}"
    asked = [int(one) for one in st.query_params.pop("frames", "").split(",") if one.isdecimal()]
    if asked:
        st.session_state[key] = [frame for frame in asked if frame in frames]
    if key in st.session_state:
        st.session_state[key] = [frame for frame in st.session_state[key] if frame in frames]
    chosen = st.multiselect("Frames shown", frames, key=key, placeholder="all", help="None chosen: all.")
    return [item for item in items if not chosen or item.frame in chosen]


def _spread(items: list[MapRecord]) -> list[MapRecord]:
    """Maps of at most :data:`SIDE_BY_SIDE` frames, spread over those there are."""
    frames = sorted({item.frame for item in items})
    if len(frames) <= SIDE_BY_SIDE:
        return items
    kept = {frames[i * (len(frames) - 1) // (SIDE_BY_SIDE - 1)] for i in range(SIDE_BY_SIDE)}
    st.caption(
        f"{SIDE_BY_SIDE} of {len(frames)} frames, spread over all; choose others above. Means take all."
    )
    return [item for item in items if item.frame in kept]


def _scale(view: str) -> dict[str, Any]:
    if view == "difference":
        return {"title": "more for", "low": "arousal", "high": "valence", "stops": scale_stops("difference")}
    return {"title": "weight in the map", "low": "0", "high": "1", "stops": scale_stops()}
