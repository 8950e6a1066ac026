"""Moments in all analysed videos, found by a rule."""

from __future__ import annotations

import streamlit as st

from dashboard.components.episode_cards import episode_cards
from dashboard.components.guard import attempt, need
from dashboard.navigation import link
from workers import client
from workers.records import EpisodeRecord
from workers.states import JobState

EXAMPLES = ("V > 0.4 for 1 s", "V < -0.3 and A > 0.3 for 0.5 s", "A < -0.2 for 2 s", "intensity > 0.7")
FIRST, MOST = 48, 400
"""Moments looked for at first, and when asked for more: the search ends at the last one it needs."""


@st.cache_data(ttl=10, max_entries=32, show_spinner="Searching …")
def _found(rule: str, run_ids: tuple[str, ...], limit: int, newest: str) -> list[EpisodeRecord]:
    """Moments of a rule; the newest analysis tells a later answer apart."""
    del newest
    return client.search_episodes(rule, run_ids=run_ids or None, limit=limit)


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


def _ask_for_more(rule: str) -> None:
    st.session_state["episodes.more"] = rule


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
    most = MOST if st.session_state.get("episodes.more") == rule else FIRST
    found = attempt(_found, rule, tuple(chosen), most, analyses[0].id)
    if found is None:
        return
    episode_cards(found, most=most)
    if len(found) == most < MOST:
        st.button(
            "Look for more", key="episodes.find_more", icon=":material/manage_search:", on_click=_ask_for_more, args=(rule,),
            help=f"Up to {MOST} moments.",
        )  # fmt: skip
