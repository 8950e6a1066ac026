"""Tables of the compare page: what may be ranked, what was printed elsewhere, what differs, what can be taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from avce.published import Evidence, PublishedResult
from dashboard import charts
from dashboard.comparing import Group, SeedGroup, differences
from dashboard.components.figures import evaluation_table, protocol_words, published_table
from dashboard.components.frame import is_dark
from dashboard.components.guard import need
from dashboard.components.pictures import picture_config, picture_format
from dashboard.components.tables import Cell, Row, draw_table
from dashboard.exporting import as_csv, as_latex
from workers import client
from workers.records import EvaluationRecord, RunRecord


def group_table(group: Group, methods: dict[str, str]) -> None:
    """Figures of what may be ranked, with badges of how they were computed, and bars where there are several."""
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
            charts.metric_bars(rows, dark=is_dark()), key=f"compare.bars.{group.evaluations[0].id}", config=picture_config("figures"),
            alt="CCC of each run on valence and arousal, with intervals",
        )  # fmt: skip


def published_tables(results: Sequence[PublishedResult]) -> None:
    """Rows printed elsewhere, by data set, each table with its protocols."""
    st.header("Printed elsewhere", anchor=False)
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


def option_differences(chosen: list[EvaluationRecord], runs: dict[str, RunRecord]) -> None:
    """Options on which the chosen runs differ."""
    configs = {runs[item.run_id].name: runs[item.run_id].options for item in chosen if item.run_id in runs}
    if len(configs) < 2:
        st.caption("Choose two runs or more.")
        return
    table = differences(configs)
    if not table:
        st.caption("Nothing: these runs have the same options.")
        return
    rows = [
        Row([Cell(name), *(Cell(str(row[run]), is_words=True) for run in configs)])
        for name, row in table.items()
    ]
    draw_table(
        [("Option", ""), *((run, "The value with which this run was trained.") for run in configs)], rows
    )


def exports(
    found: Sequence[Group], seeds: Mapping[int, Sequence[SeedGroup]], chosen: list[EvaluationRecord]
) -> None:
    """Csv of what is measured here; LaTeX with printed rows beside it."""
    results = {result.key: result for result in need(client.published_results)}
    beside = st.multiselect(
        "Printed rows in the LaTeX table", list(results), key="compare.beside",
        default=[key for key, row in results.items() if row.evidence is Evidence.POSTER],
        format_func=lambda key: f"{results[key].method} · {results[key].dataset}",
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        picture_format()
        st.download_button(
            "Figures as csv", as_csv(chosen), "figures.csv", "text/csv", key="compare.csv", icon=":material/download:"
        )  # fmt: skip
        st.download_button(
            "Table as LaTeX", as_latex(found, seeds, [results[key] for key in beside]), "figures.tex",
            "application/x-tex", key="compare.latex", icon=":material/download:",
        )  # fmt: skip
