"""The poster's table, alive: our runs beside the printed rows, each with source and protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from avce.published import Evidence, PublishedResult
from dashboard import charts
from dashboard.comparing import Group, SeedGroup, differences, groups, seed_groups
from dashboard.components.duel import duel_view
from dashboard.components.figures import evaluation_table, protocol_words, published_table
from dashboard.components.frame import is_dark
from dashboard.components.guard import need
from dashboard.components.pick import labels
from dashboard.components.scatter import scatter_of
from dashboard.components.seeds import seed_table
from dashboard.components.tables import Cell, Row, draw_table
from dashboard.exporting import as_csv, as_latex
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


def _group(group: Group, methods: dict[str, str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{group.title}**")
        st.badge(f"protocol: {group.protocol}", color="blue", help=protocol_words(group.protocol))
        if group.zero_labels:
            st.badge(
                f"zero labels {group.zero_labels.replace('_', ' ')}",
                color="gray",
                help="What SAGR does with labels of exactly zero.",
            )
        if any(item.metrics.get("weak_labels") for item in group.evaluations):
            st.badge(
                "weak labels",
                color="orange",
                help="Labels come from categories, so figures say little about V and A.",
            )
    first = group.evaluations[0].metrics
    resampled = {"subject": "subjects", "video": "videos"}.get(str(first.get("grouped_by")), "pictures")
    level = f"{float(first.get('confidence', 0.95)):.0%}"
    evaluation_table(
        group.evaluations, methods=methods, ranked=True,
        caption=f"n = {group.evaluations[0].n}; below each figure its {level} interval from resampling whole {resampled}. "
        "Grey rows look at no picture.",
    )  # fmt: skip
    if len(group.evaluations) > 1:
        rows = charts.bar_rows(
            [(item.run_name, methods.get(item.run_id, ""), item.metrics) for item in group.evaluations]
        )
        st.plotly_chart(
            charts.metric_bars(rows, dark=is_dark()), key=f"compare.bars.{group.evaluations[0].id}", config=charts.CONFIG,
            alt="CCC of each run on valence and arousal, with intervals",
        )  # fmt: skip


def _published(results: Sequence[PublishedResult]) -> None:
    st.subheader("Printed elsewhere", anchor=False)
    st.caption(
        "Other data and other protocols than the rows above, so nothing is ranked across the tables. "
        "Below each name stands where it was printed."
    )
    for dataset in dict.fromkeys(result.dataset for result in results):
        rows = [result for result in results if result.dataset == dataset]
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{dataset}**")
            for protocol in dict.fromkeys(row.protocol for row in rows):
                st.badge(f"protocol: {protocol.split(';')[0]}", color="gray", help=protocol)
        published_table(rows, caption="")


def _differences(chosen: list[EvaluationRecord], runs: dict[str, RunRecord]) -> None:
    configs = {runs[item.run_id].name: runs[item.run_id].options for item in chosen if item.run_id in runs}
    if len(configs) < 2:
        return
    st.subheader("What differs in the options", anchor=False)
    table = differences(configs)
    if not table:
        st.caption("Nothing: these runs have the same options.")
        return
    rows = [
        Row([Cell(name), *(Cell(str(row[run]), is_words=True) for run in configs)])
        for name, row in table.items()
    ]
    draw_table([("Option", ""), *((run, "") for run in configs)], rows)


def _exports(
    found: Sequence[Group], seeds: Mapping[int, Sequence[SeedGroup]], chosen: list[EvaluationRecord]
) -> None:
    """Csv of what is measured here; LaTeX with printed rows beside it."""
    results = {result.key: result for result in need(client.published_results)}
    beside = st.multiselect(
        "Printed rows in the LaTeX table", list(results), key="compare.beside",
        default=[key for key, row in results.items() if row.evidence is Evidence.POSTER],
        format_func=lambda key: f"{results[key].method} · {results[key].dataset}",
    )  # fmt: skip
    with st.container(horizontal=True):
        st.download_button(
            "Figures as csv", as_csv(chosen), "figures.csv", "text/csv", key="compare.csv", icon=":material/download:"
        )  # fmt: skip
        st.download_button(
            "Table as LaTeX", as_latex(found, seeds, [results[key] for key in beside]), "figures.tex",
            "application/x-tex", key="compare.latex", icon=":material/download:",
        )  # fmt: skip


def _measured(chosen: list[EvaluationRecord], runs: dict[str, RunRecord]) -> None:
    """The poster's table of our own runs, and what can be taken away."""
    st.subheader("Measured here", anchor=False)
    found = groups(chosen)
    seeds = {place: seed_groups(group.evaluations, runs, METRICS) for place, group in enumerate(found)}
    for place, group in enumerate(found):
        _group(group, {run.id: run.method for run in runs.values()})
        seed_table(seeds[place])
    if chosen:
        _exports(found, seeds, chosen)


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
    _published(need(client.published_results))
    if chosen:
        _differences(chosen, runs)
        scatter_of(chosen)
