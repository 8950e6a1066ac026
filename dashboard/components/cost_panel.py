"""What a training will cost: measured on a worker by a few of its steps, or, until then, a rough figure that says so."""

from __future__ import annotations

import streamlit as st

from avce.options import TrainOptions
from avce.progress import span
from avce.training.cost import Cost, Measured
from dashboard.components.explain import metric_row
from dashboard.components.guard import attempt, need
from dashboard.components.jobs import job_follow
from dashboard.components.sweep_form import Swept
from dashboard.cost import estimate
from dashboard.words import number, stamp
from workers import client
from workers.queues import Queue
from workers.records import CostRecord, DatasetRecord
from workers.states import JobKind, JobState

BUSY = 0.75
"""Share of the cores that other work took while it was measured, above which that is said."""


def cost_panel(dataset: DatasetRecord, options: TrainOptions, swept: Swept) -> None:
    """Figures of the run with these options, where and when they were measured, and a button to measure."""
    found = need(client.list_costs, dataset.id, options)
    live = next((item for item in found if item.measured is None), None)
    done = next((item for item in found if item.measured is not None), None)
    with st.container(border=True, key="train-cost", gap="small"):
        st.markdown(
            "**What it will cost**",
            help="A worker takes a few real steps of exactly these options on this data set; the rest is counting.",
        )
        if done is not None and done.measured is not None and done.cost is not None:
            _figures(done.cost, done.measured, options)
            _origin(done, done.measured, [item.host for item in found if item.measured is not None])
            _sweep(dataset, options, swept)
        else:
            _rough(dataset, options)
        if live is not None:
            job_follow(live.job_id, prefix="train.cost")
        else:
            _measure(dataset, options, is_again=done is not None)


def _figures(cost: Cost, measured: Measured, options: TrainOptions) -> None:
    stops = " Early stopping can end it sooner." if options.early_stopping_epochs else ""
    solved = span(cost.solver_s) if cost.solver_s >= 1 or not cost.solver_s else "under 1 s"
    views = (
        f"Both views by solver “{measured.solver}”, forward and backward, over {cost.steps:,} steps:"
        f" {cost.solver_share:.1%} of the run. It is part of the whole."
    )
    metric_row(
        [
            (
                "Whole run",
                span(cost.total_s),
                (f"{options.epochs} epochs, training and validation; {span(cost.low_s)} to {span(cost.high_s)} by the quartiles of"
                f" the steps.{stops}"),
            ),
            (
                "Epoch",
                _short(cost.epoch_s),
                f"With its validation. The first takes {_short(cost.first_epoch_s)}, as it decodes the crops.",
            ),
            (
                "Step",
                _short(measured.step_s),
                (f"Median of {measured.steps} on {measured.batch_size} samples; half of them took {_short(measured.step_low_s)} to"
                f" {_short(measured.step_high_s)}."),
            ),
            ("Solver", solved if measured.solver else "none", views if measured.solver else "This method has no views."),
            (
                "Memory",
                f"{cost.memory_mb / 1000:.1f} GB",
                "Peak of the process that trains, with the decoded crops that it keeps at hand."
                + (f" On the GPU: {measured.gpu_mb / 1000:.1f} GB." if measured.gpu_mb else ""),
            ),
        ]
    )  # fmt: skip


def _short(seconds: float) -> str:
    if seconds >= 10:
        return span(seconds)
    return f"{number(seconds, 2)} s" if seconds >= 1 else f"{number(1000 * seconds, 0)} ms"


def _origin(item: CostRecord, measured: Measured, hosts: list[str]) -> None:
    """Where and when, and what makes the figures doubtful."""
    machine = measured.machine
    words = (
        f"Measured {stamp(item.created_at)} on {machine.host}: {machine.device}, {machine.threads} compute {'thread' if machine.threads == 1 else 'threads'} on {machine.cores} cores,"
        f" {measured.steps} {'step' if measured.steps == 1 else 'steps'} on the crops of this data set."
    )
    if machine.load > BUSY * machine.cores:
        words += f" Other work was going on (load {machine.load:g}), so alone it may be quicker."
    if len(hosts) > 1:
        words += f" Older figures: {', '.join(hosts[1:])}."
    training_hosts = {
        worker.name.rpartition("@")[2]
        for worker in need(client.workers_status)
        if worker.alive and Queue.TRAINING.value in worker.queues
    }
    if training_hosts and machine.host not in training_hosts:
        words += f" Trainings run elsewhere: {', '.join(sorted(training_hosts))}."
    st.caption(words)


def _sweep(dataset: DatasetRecord, options: TrainOptions, swept: Swept) -> None:
    if not swept.options or not swept.is_good:
        return
    found = attempt(client.sweep_cost, dataset.id, options, swept.options)
    if found is None:
        return
    hands = {
        0: "no worker for trainings is up now; with one",
        1: "one worker takes them one after the other",
    }.get(found.workers, f"{found.workers} workers take them side by side, if none slows another")
    guessed = (
        f" {found.guessed} of them have steps of another cost, not measured; they count like the options above."
        if found.guessed
        else ""
    )
    st.markdown(
        f":material/grid_view: The sweep of **{found.runs} runs**: **{span(found.total_s)}** ({hands};"
        f" {span(found.work_s)} of work).{guessed}"
    )


def _rough(dataset: DatasetRecord, options: TrainOptions) -> None:
    sizes = {item.id: {"n_train": item.n_train} for item in need(client.list_datasets)}
    jobs = need(client.list_jobs, states=[JobState.SUCCEEDED], kinds=[JobKind.TRAIN], limit=50)
    cost = estimate(options, dataset.n_train, [(job, sizes.get(job.dataset_id or "", {})) for job in jobs])
    basis = (
        "from what runs like it took" if cost.is_measured else "a rough figure for two cores, not measured"
    )
    st.markdown(
        f":material/schedule: About **{span(cost.seconds)}** for {options.epochs} epochs over "
        f"{dataset.n_train:,} samples ({basis})."
    )


def _measure(dataset: DatasetRecord, options: TrainOptions, *, is_again: bool) -> None:
    """The button, and why the last measurement of these options failed."""
    asked = st.session_state.get("train.cost.asked")
    if asked is not None and asked[:2] == (dataset.id, options):
        job = need(client.get_job, asked[2])
        if job.state is JobState.FAILED:
            st.error(job.error or "The measurement failed.", icon=":material/error:")
    label = "Measure again" if is_again else "Measure"
    if st.button(
        label,
        key="train.cost.measure",
        icon=":material/timer:",
        help="Seconds for small networks, a minute at most; time per step and epoch, solver time and memory.",
    ):
        started = attempt(client.measure_cost, dataset.id, options)
        if started is not None:
            st.session_state["train.cost.asked"] = (dataset.id, options, started.id)
            st.rerun()
