"""Moments in all analysed videos, found by a rule."""

from __future__ import annotations

import streamlit as st

from dashboard.components.episode_cards import episode_cards
from dashboard.components.guard import attempt, need
from dashboard.navigation import link
from workers import client
from workers.states import JobState

EXAMPLES = ("V > 0.4 for 1 s", "V < -0.3 and A > 0.3 for 0.5 s", "A < -0.2 for 2 s", "intensity > 0.7")
MOST = 400


def _take_example() -> None:
    chosen = st.session_state.get("episodes.example")
    if chosen:
        st.session_state["episodes.rule"] = chosen


def _rule() -> str:
    """The rule; an address with ``?rule=`` brings its own."""
    if "episodes.rule" not in st.session_state:
        st.session_state["episodes.rule"] = st.query_params.get("rule", EXAMPLES[0])
    rule = st.text_input(
        "Rule", key="episodes.rule",
        help="V (valence), A (arousal) or intensity (distance from neutral), compared by < or >, joined by “and”;"
        " then, if wanted, “for” and the least length in s or ms.",
    )  # fmt: skip
    st.pills("Examples", EXAMPLES, key="episodes.example", on_change=_take_example)
    st.query_params["rule"] = rule
    return str(rule)


def page() -> None:
    """Find moments."""
    st.title("Find moments", anchor=False)
    st.markdown("Stretches in which a face looks a certain way for long enough, in all analysed videos.")
    analyses = [item for item in need(client.list_analyses) if item.state is JobState.SUCCEEDED]
    if not analyses:
        st.info("Moments are found in analysed videos, and there is none yet.", icon=":material/info:")
        link("video", "Analyse a video", icon=":material/movie:")
        return
    rule = _rule()
    names = {run_id: name for item in analyses for run_id, name in zip(item.run_ids, item.names, strict=True)}
    chosen = st.multiselect(
        "Runs", list(names), key="episodes.runs", format_func=lambda run: f"{names[run]} [{run[:6]}]",
        placeholder="all runs", help="Whose values must meet the rule; a moment is listed once for each run.",
    )  # fmt: skip
    found = attempt(client.search_episodes, rule, run_ids=chosen or None, limit=MOST)
    if found is not None:
        episode_cards(found, most=MOST)
