"""Where a training starts: fresh, from weights that ship, or from one of one's own runs."""

from __future__ import annotations

import streamlit as st

from avce.options import Backbone, TrainOptions
from avce.weights import STARTER
from dashboard.components.forms import help_of
from dashboard.components.guard import need
from dashboard.components.models import scored_label, starter_card
from dashboard.components.pick import labels
from dashboard.words import stamp
from workers import client
from workers.records import RunRecord

START_WORDS = {
    "starter": "starter — knows faces already; for efficientnet_lite0",
    "imagenet": "imagenet — knows things, not faces; for efficientnet_lite0",
    "none": "none — fresh weights",
}


def _label(run: RunRecord) -> str:
    return f"{scored_label(run)}, {stamp(run.created_at)}"


def _own_runs(backbone: str, current: str | None) -> dict[str, str]:
    """Value and words of each run whose encoder fits, newest first; the one that is chosen in any case."""
    runs = need(client.start_runs, Backbone(backbone))
    if current is not None and current not in {run.id for run in runs}:
        runs = [*runs, *need(client.list_runs, ids=[current])]
    return {client.start_from(key): f"your run: {text}" for key, text in labels(runs, _label).items()}


def start_field(base: TrainOptions, backbone: str, *, prefix: str) -> str:
    """Ask where the weights start."""
    key = f"{prefix}.pretrained"
    if backbone != base.backbone and client.started_from(str(st.session_state.get(key, base.pretrained))):
        fits = _own_runs(backbone, None)
        if st.session_state.get(key) not in fits:  # weights of another encoder are no start
            st.session_state[key] = "none"
    words = START_WORDS | _own_runs(
        backbone, client.started_from(base.pretrained) if backbone == base.backbone else None
    )
    starts = list(words)
    if base.pretrained not in words and client.started_from(base.pretrained) is None:
        starts.append(base.pretrained)
    found = st.selectbox(
        "Start from", starts, index=starts.index(base.pretrained) if base.pretrained in starts else starts.index("none"),
        key=key, format_func=lambda name: words.get(name, name), accept_new_options=True,
        help=help_of(TrainOptions.model_fields["pretrained"])
        + "  \nYour finished runs with the chosen backbone are in the list; a folder can be typed.",
    )  # fmt: skip
    if found == STARTER:
        starter_card()
    return str(found)
