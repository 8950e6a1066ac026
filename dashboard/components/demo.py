"""The demo's button, on the overview and on its own page."""

from __future__ import annotations

import streamlit as st

from dashboard.components.guard import attempt
from dashboard.navigation import go
from workers import client


def demo_button(*, key: str) -> None:
    """Start the demo and go where it can be watched."""
    if st.button("Start the demo", key=key, type="primary", icon=":material/play_circle:"):
        jobs = attempt(client.start_demo)
        if jobs is not None:
            go("demo", jobs=",".join(job.id for job in jobs))
