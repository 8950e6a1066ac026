"""How charts are saved: the camera in a chart's own toolbar writes SVG for papers or PNG for slides."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.charts import CONFIG

FORMATS = ("svg", "png")
KEY = "pictures.format"


def picture_format() -> None:
    """Choose the format, for this visit."""
    st.segmented_control(
        "Charts are saved as", FORMATS, default=FORMATS[0], required=True, key=KEY, format_func=str.upper,
        help="The camera in the corner of each chart saves it, at twice the size on the screen for PNG.",
    )  # fmt: skip


def picture_config(name: str) -> dict[str, Any]:
    """Plotly's configuration for one chart, which is saved under this name."""
    chosen = st.session_state.get(KEY) or FORMATS[0]
    saved = {"format": chosen, "filename": f"avce-{name}", "scale": 2 if chosen == "png" else 1}
    return CONFIG | {"toImageButtonOptions": saved}
