"""A toast for each job that ends while the pages are open, wherever the reader is."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from avce.errors import AvceError
from dashboard.words import STATES
from workers import client
from workers.states import JobKind, JobState

SEEN = "news.seen"
MOST = 3
ICONS = {JobState.SUCCEEDED: ":material/check_circle:", JobState.FAILED: ":material/error:"}


@st.fragment(run_every=4.0)
def news() -> None:
    """Say what ended since the last time; a database that is away is the page's to tell."""
    now = datetime.now(UTC)
    since = st.session_state.setdefault(SEEN, now)
    try:
        ended = client.list_jobs(finished_after=since, limit=MOST)
    except AvceError:
        return
    for job in ended:
        if job.state.is_final and job.kind is not JobKind.SEGMENT:
            st.toast(f"{job.title}: {STATES[job.state][0]}", icon=ICONS.get(job.state, ":material/info:"))
    st.session_state[SEEN] = max([since, *(job.finished_at for job in ended if job.finished_at)])
