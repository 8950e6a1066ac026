"""The poster's table, alive: our runs beside the printed rows, each with source and protocol."""

from __future__ import annotations

import streamlit as st

from dashboard.comparing import groups, seed_groups
from dashboard.components.closer import closer_look
from dashboard.components.comparison import exports, group_table, published_tables
from dashboard.components.guard import need
from dashboard.components.pick import labels
from dashboard.components.seeds import seed_table
from dashboard.navigation import link
from dashboard.words import METRICS
from workers import client
from workers.records import EvaluationRecord, RunRecord

SHOWN_AT_FIRST = 6


def _choose(done: list[EvaluationRecord]) -> list[str]:
    """Ids of what to compare: of the address, else the newest that may be ranked together."""
    by_id = {item.id: item for item in done}
    if "compare.chosen" not in st.session_state:
        asked = [part for part in st.query_params.get("evaluations", "").split(",") if part in by_id]
        newest = [item.id for item in groups(done)[0].evaluations[:SHOWN_AT_FIRST]]
        st.session_state["compare.chosen"] = asked or newest
    else:
        st.session_state["compare.chosen"] = [
            item for item in st.session_state["compare.chosen"] if item in by_id
        ]
    chosen = st.multiselect(
        "Evaluations", list(by_id), key="compare.chosen",
        format_func=labels(done, lambda item: f"{item.run_name} · {item.dataset_name} · {item.split}").__getitem__,
        help="Type to search. The address of this page keeps the choice; share it.",
    )  # fmt: skip
    st.query_params["evaluations"] = ",".join(chosen)
    return chosen


def _read(ids: list[str]) -> tuple[list[EvaluationRecord], dict[str, RunRecord]]:
    """The chosen ones with all their figures, in the order of the choice, and their runs."""
    found = {item.id: item for item in need(client.list_evaluations, ids=ids, is_done=True)}
    chosen = [found[item] for item in ids if item in found]
    wanted = [item.run_id for item in chosen]
    runs = {run.id: run for run in need(client.list_runs, ids=wanted)}
    return chosen, {run_id: runs[run_id] for run_id in wanted if run_id in runs}


def _measured(chosen: list[EvaluationRecord], runs: dict[str, RunRecord]) -> None:
    """The poster's table of our own runs, and what can be taken away."""
    st.header("Measured here", anchor=False)
    found = groups(chosen)
    if len(found) > 1:
        st.caption(
            f"{len(found)} tables, since these rows differ in data, split or protocol: rows are ranked within a table only."
        )
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
    done = need(client.list_evaluations, is_done=True, is_brief=True)
    if done:
        chosen, runs = _read(_choose(done))
        _measured(chosen, runs)
        closer_look(done, chosen, runs)
    else:
        st.info("No run has been measured yet; the printed rows wait below.", icon=":material/info:")
        link("runs", "Open a run and evaluate it", icon=":material/fact_check:")
    published_tables(need(client.published_results))
