"""Groups of jobs: how far a sweep is, its figures as mean and deviation, and one button to end it."""

from __future__ import annotations

from statistics import fmean, stdev

import streamlit as st

from dashboard.components.guard import act, need, show_refusal
from dashboard.components.tables import Cell, Row, draw_table
from dashboard.navigation import link
from dashboard.words import METRICS, STATES, number
from workers import client
from workers.records import GroupRecord, RunRecord
from workers.states import ENDED_BADLY, JobState

SHOWN = 5
FIGURES = (("CCC valence", "ccc_valence"), ("CCC arousal", "ccc_arousal"))


def swept(run: RunRecord, option: str) -> str:
    """A run's value of a swept option, which may be one of the objective (``avce.weight``)."""
    part, _, inner = option.partition(".")
    value = run.options.get(part)
    return str(value.get(inner) if inner and isinstance(value, dict) else value)


def mean_sd(values: list[float]) -> str:
    """``0.512 ± 0.013 (n 3)``; without a deviation where there is one value, a dash where there is none."""
    if not values:
        return "–"
    spread = f" ± {number(stdev(values))}" if len(values) > 1 else ""
    return f"{number(fmean(values))}{spread} (n {len(values)})"


def by_value(runs: list[RunRecord], options: list[str]) -> list[tuple[str, list[RunRecord]]]:
    """Runs together that differ in the seed alone; all together where only the seed was swept."""
    apart = [option for option in options if option != "seed"]
    found: dict[str, list[RunRecord]] = {}
    for run in sorted(runs, key=lambda run: run.created_at):
        words = ", ".join(f"{option.removeprefix('avce.')} {swept(run, option)}" for option in apart)
        found.setdefault(words or "all seeds", []).append(run)
    return list(found.items())


def group_figures(group: GroupRecord) -> None:
    """Validation CCC of a group's finished runs, mean and standard deviation for each value."""
    rows = []
    for words, members in by_value(need(client.group_runs, group.id), list(group.values)):
        figures = [mean_sd([run.best[name] for run in members if name in run.best]) for _, name in FIGURES]
        rows.append(Row([Cell(words, is_words=True), *map(Cell, figures)]))
    heads = [("Value", "Options that were swept"), *((head, METRICS["ccc"][1]) for head, _ in FIGURES)]
    draw_table(
        heads, rows, caption="Best epoch of each run on validation: mean ± standard deviation over runs."
    )


def _compare(group: GroupRecord) -> None:
    """The way from a sweep to its table: have its runs evaluated, then look at them with seeds together."""
    found = need(client.group_evaluations, group.id)
    done = [item for item in found if item.state is JobState.SUCCEEDED]
    waiting = [item for item in found if not item.state.is_final]
    usable = group.total - sum(group.states.get(state, 0) for state in ENDED_BADLY)
    if done:
        query = {"evaluations": ",".join(item.id for item in done)}
        link("compare", f"Compare ({len(done)})", icon=":material/table_chart:", query=query)
    if waiting:
        st.badge(
            f"{len(waiting)} to evaluate",
            color="gray",
            help="They are evaluated as soon as they are trained.",
        )
    if len({item.run_id for item in [*done, *waiting]}) < usable:
        st.button(
            "Evaluate all",
            key=f"group.evaluate.{group.id}",
            icon=":material/fact_check:",
            on_click=act,
            args=(group.id, client.evaluate_group),
            help="Each run on the test split of its data, once it is trained; Compare then has them with their seeds together.",
        )


def group_card(group: GroupRecord) -> None:
    """One group: how many of its jobs are in which state, its figures, cancel all."""
    with st.container(border=True, key=f"group-{group.id}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/grid_view: **{group.name}**", width="content")
            for state, count in sorted(group.states.items()):
                st.badge(f"{count} {STATES[state][0]}", color=STATES[state][1])  # type: ignore[arg-type]
            st.space("stretch")
            link("jobs", "Its jobs", icon=":material/list:", query={"group": group.id})
            link("runs", "Its runs", icon=":material/show_chart:", query={"group": group.id})
            _compare(group)
            if group.is_live:
                st.button(
                    "Cancel all",
                    key=f"group.cancel.{group.id}",
                    icon=":material/stop_circle:",
                    on_click=act,
                    args=(group.id, client.cancel_group),
                )
        show_refusal(group.id)
        done = sum(count for state, count in group.states.items() if state.is_final)
        bar = st.empty()  # its place stays, so that what stands below does not flicker when it goes
        if group.is_live:
            bar.progress(done / max(1, group.total), text=f"{done} of {group.total} ended")
        group_figures(group)


@st.fragment(run_every=3.0)
def group_list() -> None:
    """The newest groups, or the one in the address; nothing where there is none."""
    asked = st.query_params.get("group")
    groups = [need(client.get_group, asked)] if asked else need(client.list_groups, limit=SHOWN)
    if not groups:
        return
    with st.expander(
        f"Groups ({len(groups)})",
        icon=":material/grid_view:",
        expanded=bool(asked) or any(g.is_live for g in groups),
    ):
        for group in groups:
            group_card(group)
