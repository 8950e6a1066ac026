"""The poster's table, alive: our runs beside the printed rows, each with source and protocol."""

from __future__ import annotations

import streamlit as st

from dashboard.comparing import groups, seed_groups
from dashboard.components.comparison import exports, group_table, option_differences, published_tables
from dashboard.components.duel import duel_view
from dashboard.components.guard import need
from dashboard.components.pick import labels
from dashboard.components.scatter import scatter_of
from dashboard.components.seeds import seed_table
from dashboard.navigation import link
from dashboard.words import METRICS
from workers import client
from workers.records import EvaluationRecord, RunRecord
from workers.states import JobState

SHOWN_AT_FIRST = 6


def _choose(done: list[EvaluationRecord]) -> list[EvaluationRecord]:
    by_id = {item.id: item for item in done}
    if "compare.chosen" not in st.session_state:
        asked = [part for part in st.query_params.get("evaluations", "").split(",") if part in by_id]
        st.session_state["compare.chosen"] = asked or list(by_id)[:SHOWN_AT_FIRST]
    else:
        st.session_state["compare.chosen"] = [
            item for item in st.session_state["compare.chosen"] if item in by_id
        ]
    chosen = st.multiselect(
        "Evaluations", list(by_id), key="compare.chosen",
        format_func=labels(done, lambda item: f"{item.run_name} · {item.dataset_name} · {item.split}").__getitem__,
        help="The address of this page keeps the choice; share it.",
    )  # fmt: skip
    st.query_params["evaluations"] = ",".join(chosen)
    return [by_id[item] for item in chosen]


def _measured(chosen: list[EvaluationRecord], runs: dict[str, RunRecord]) -> None:
    """The poster's table of our own runs, and what can be taken away."""
    st.subheader("Measured here", anchor=False)
    found = groups(chosen)
    seeds = {place: seed_groups(group.evaluations, runs, METRICS) for place, group in enumerate(found)}
    for place, group in enumerate(found):
        group_table(group, {run.id: run.method for run in runs.values()})
        seed_table(seeds[place])
    if chosen:
        exports(found, seeds, chosen)


def page() -> None:
    """Compare."""
    st.title("Compare", anchor=False)
    st.caption(" · ".join(f"**{title}**: {meaning}" for title, meaning in METRICS.values()))
    done = [item for item in need(client.list_evaluations) if item.state is JobState.SUCCEEDED]
    chosen: list[EvaluationRecord] = []
    runs: dict[str, RunRecord] = {}
    if done:
        chosen = _choose(done)
        runs = {run.id: run for run in need(client.list_runs)}
        _measured(chosen, runs)
        duel_view(done)
    else:
        st.info("No run has been measured yet; the printed rows wait below.", icon=":material/info:")
        link("runs", "Open a run and evaluate it", icon=":material/fact_check:")
    published_tables(need(client.published_results))
    if chosen:
        option_differences(chosen, runs)
        scatter_of(chosen)
