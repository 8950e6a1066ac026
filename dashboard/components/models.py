"""Models to choose from: the one that ships with the studio, then one's own; and what to know of the former."""

from __future__ import annotations

import streamlit as st

from avce.weights import STARTER
from dashboard.components.guard import attempt
from dashboard.words import number, stamp
from workers import client
from workers.records import RunRecord

COMES_ALONG = "comes with the studio"


def model_label(model: RunRecord) -> str:
    """A model in a list, with what tells it from others of its name."""
    return f"{model.name} — {COMES_ALONG if model.shipped else stamp(model.created_at)}"


def scored_label(model: RunRecord) -> str:
    """A model with the figures of its best epoch."""
    if model.shipped:
        return model_label(model)
    both = [number(model.best.get(f"ccc_{axis}"), 2) for axis in ("valence", "arousal")]
    return f"{model.name} (CCC {' / '.join(both)})"


def starter_card() -> None:
    """What the starter model was made from, what it can do and where it fails, folded."""
    with st.expander(
        "What the starter model can do, and what it must not be used for", icon=":material/info:"
    ):
        text = attempt(client.model_card, STARTER)
        if text is not None:
            with st.container(key="model-card"):
                st.markdown(text.split("\n", 1)[1])  # its title is the expander's
