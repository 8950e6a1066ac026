"""Costs: measured by a job, kept for all that cost the same, and counted over a sweep."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import psutil
import pytest

from avce.errors import CostError
from avce.options import TrainOptions, train_options
from tests.avce.training.test_cost import measured
from tests.dashboard.seeding import Seeded, seed
from workers import client
from workers.states import JobKind, JobState
from workers.store import session, tables
from workers.tasks.figures import measure_cost


@pytest.fixture
def seeded(home: Path) -> Seeded:
    return seed(home)


@pytest.fixture
def options() -> TrainOptions:
    return train_options(preset="smoke", batch_size=8, num_threads=1, avce={"solver": "ecos"})


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measuring takes no time."""
    monkeypatch.setattr("avce.training.estimate.measure", lambda *_, **__: measured(batch_size=8))


def has_measured(seeded: Seeded, options: TrainOptions) -> None:
    measure_cost(client.measure_cost(seeded.dataset_id, options).id)


def test_a_measurement_is_a_job_and_its_figures_are_kept(seeded: Seeded, options: TrainOptions) -> None:
    assert client.list_costs(seeded.dataset_id, options) == []
    job = client.measure_cost(seeded.dataset_id, options)
    assert (job.kind, job.queue, job.priority) == (JobKind.COST, "figures", 9)
    (waiting,) = client.list_costs(seeded.dataset_id, options)
    assert (waiting.state, waiting.measured, waiting.cost) == (JobState.QUEUED, None, None)
    measure_cost(job.id)
    (found,) = client.list_costs(seeded.dataset_id, options)
    assert found.state is JobState.SUCCEEDED
    assert found.cost is not None
    assert found.measured is not None
    assert found.host == found.measured.machine.host
    dataset = client.get_dataset(seeded.dataset_id)
    assert found.cost.steps == options.epochs * -(-dataset.n_train // 8)
    assert 0 < found.cost.solver_s < found.cost.total_s


@pytest.mark.usefixtures("quick")
def test_what_costs_the_same_is_measured_once(seeded: Seeded, options: TrainOptions) -> None:
    has_measured(seeded, options)
    longer = options.model_copy(update={"epochs": 2 * options.epochs, "seed": 5})
    (first,), (second,) = (client.list_costs(seeded.dataset_id, item) for item in (options, longer))
    assert first.id == second.id
    assert first.cost is not None
    assert second.cost is not None
    assert second.cost.steps == 2 * first.cost.steps
    other = options.model_copy(update={"input_size": 96})
    assert client.list_costs(seeded.dataset_id, other) == []


def test_what_is_being_measured_is_not_measured_twice(seeded: Seeded, options: TrainOptions) -> None:
    first = client.measure_cost(seeded.dataset_id, options)
    assert client.measure_cost(seeded.dataset_id, options).id == first.id
    client.cancel_job(first.id)
    assert client.list_costs(seeded.dataset_id, options) == []
    assert client.measure_cost(seeded.dataset_id, options).id != first.id


@pytest.mark.usefixtures("quick")
def test_the_newest_measurement_of_a_machine_counts(seeded: Seeded, options: TrainOptions) -> None:
    has_measured(seeded, options)
    (first,) = client.list_costs(seeded.dataset_id, options)
    has_measured(seeded, options)
    (second,) = client.list_costs(seeded.dataset_id, options)
    assert second.id != first.id
    with session.writing() as opened:
        opened.query(tables.TrainingCost).filter_by(id=first.id).one().host = "elsewhere"
    assert [item.host for item in client.list_costs(seeded.dataset_id, options)] == ["here", "elsewhere"]


@pytest.mark.usefixtures("quick")
def test_a_sweep_takes_its_runs_over_the_workers_there_are(seeded: Seeded, options: TrainOptions) -> None:
    values = {"seed": [1, 2, 3]}
    assert client.sweep_cost(seeded.dataset_id, options, values) is None
    has_measured(seeded, options)
    with session.writing() as opened:
        opened.query(tables.Worker).delete()
    (one,) = client.list_costs(seeded.dataset_id, options)
    assert one.cost is not None
    alone = client.sweep_cost(seeded.dataset_id, options, values)
    assert alone is not None
    assert (alone.runs, alone.guessed, alone.workers) == (3, 0, 0)
    assert alone.total_s == alone.work_s == pytest.approx(3 * one.cost.total_s)
    with session.writing() as opened:
        for name in ("a", "b"):
            opened.add(tables.Worker(name=name, queues=["training"], pid=1, seen_at=tables.utc_now()))
    shared = client.sweep_cost(seeded.dataset_id, options, values)
    assert shared is not None
    assert (shared.workers, client.training_workers()) == (2, 2)
    assert shared.total_s == pytest.approx(2 * one.cost.total_s)


@pytest.mark.usefixtures("quick")
def test_runs_of_a_sweep_that_cost_otherwise_are_said_to_be_guessed(
    seeded: Seeded, options: TrainOptions
) -> None:
    has_measured(seeded, options)
    found = client.sweep_cost(seeded.dataset_id, options, {"input_size": [64, 96], "epochs": [1, 3]})
    assert found is not None
    assert (found.runs, found.guessed) == (4, 2)


def test_the_solver_time_of_a_run_counts_its_steps(seeded: Seeded) -> None:
    run = client.get_run(seeded.run_ids[1])
    found = client.solver_cost(run.id, 0.5)
    assert found is not None
    seconds, n_train, name = found
    dataset = client.get_dataset(seeded.dataset_id)
    assert (n_train, name) == (dataset.n_train, "Seeded faces")
    assert seconds == pytest.approx(
        0.5 * run.options["epochs"] * round(n_train / run.options["batch_size"]), rel=0.1
    )


def test_a_measurement_that_breaks_fails_its_job_and_is_not_listed(
    seeded: Seeded, options: TrainOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise CostError("the trial training broke off with code -9")

    monkeypatch.setattr("avce.training.estimate.measure", broken)
    job = client.measure_cost(seeded.dataset_id, options)
    with pytest.raises(CostError):
        measure_cost(job.id)
    assert "broke off" in str(client.get_job(job.id).error)
    assert client.list_costs(seeded.dataset_id, options) == []


def test_a_measurement_is_cancelled_like_any_job_also_within_a_step(seeded: Seeded) -> None:
    job = client.measure_cost(seeded.dataset_id, train_options(preset="poster"))
    work = threading.Thread(target=measure_cost, args=(job.id,))
    work.start()
    while client.get_job(job.id).stage != "measure":
        time.sleep(0.02)
    client.cancel_job(job.id)
    work.join(timeout=10)
    assert client.get_job(job.id).state is JobState.CANCELLED
    assert not [
        child for child in psutil.Process().children() if "avce.training.micro_run" in child.cmdline()
    ]
    assert client.list_costs(seeded.dataset_id, train_options(preset="poster")) == []
