"""One run: its curves while it learns, its best epoch, its figures."""

from __future__ import annotations

import streamlit as st

from dashboard.components.evaluate_form import evaluate_form
from dashboard.components.figures import evaluation_table
from dashboard.components.groups import group_card
from dashboard.components.guard import need
from dashboard.components.jobs import followed, job_card
from dashboard.components.models import model_label, starter_card
from dashboard.components.pick import pick
from dashboard.components.run_curves import run_curves
from dashboard.navigation import link
from dashboard.words import method_name
from workers import client
from workers.records import JobRecord, RunRecord


def _live(run_id: str) -> None:
    def draw(jobs: list[JobRecord]) -> None:
        for job in jobs:
            job_card(job, prefix="run", with_link=False)
        run_curves(need(client.get_run, run_id))

    followed([str(need(client.get_run, run_id).job_id)], draw, every_s=2.0)


def _options(run: RunRecord) -> None:
    section = st.expander(
        "Options of this run", icon=":material/tune:", key="runs.options", on_change="rerun"
    )
    if section.open:
        section.caption("The same options, data and seed give the same run.")
        section.json(run.options, expanded=1)


def _evaluations(run: RunRecord) -> None:
    st.header("Evaluations", anchor=False)
    done = need(client.list_evaluations, run.id, is_done=True)
    if done:
        evaluation_table(done, caption="With intervals from resampling whole subjects or videos.")
        chosen = ",".join(item.id for item in done)
        link(
            "compare",
            "See beside the poster's rows",
            icon=":material/table_chart:",
            query={"evaluations": chosen},
        )
    if run.checkpoint_id is None:
        st.caption("A run can be evaluated once it has a checkpoint.")
        return
    evaluate_form(run)


def _of_group() -> list[RunRecord]:
    """Runs of the group in the address, below its card."""
    asked = st.query_params.get("group")
    if not asked:
        return []
    group_card(need(client.get_group, asked))
    link("runs", "All runs", icon=":material/close:")
    return need(client.group_runs, asked)


def page() -> None:
    """Runs."""
    st.title("Runs", anchor=False)
    runs = _of_group() or need(client.list_runs)
    if not runs:
        st.info("No run yet; the model that comes with the studio is here.", icon=":material/info:")
        link("train", "Train a model", icon=":material/add:")
    runs += need(client.shipped_models)
    if not runs:
        return
    run = need(client.get_run, pick("Run", runs, model_label, param="run", key="runs.chosen").id)
    made_of = f"{method_name(run.method)} · {run.backbone}"
    if run.group_id and not st.query_params.get("group"):
        link(
            "runs",
            "Part of a sweep: see all its runs",
            icon=":material/grid_view:",
            query={"group": run.group_id},
        )
    if run.shipped:
        st.caption(f"{made_of} · not trained here; measure it on your own faces below, and train from it")
        starter_card()
    else:
        st.caption(f"{made_of} · data set “{run.dataset_name}”")
        _live(run.id)
    _evaluations(run)
    _options(run)
