"""What a training will cost: have it measured, and read what was measured before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from avce.options import TrainOptions
from avce.training.cost import cost_key, cost_of, side_by_side, solver_seconds
from workers.client._door import door
from workers.client.datasets import sent
from workers.client.health import workers_status
from workers.client.jobs import get_job
from workers.client.sweeps import sweep_options
from workers.errors import ClientError
from workers.queues import Queue
from workers.records import CostRecord, JobRecord, SweepCostRecord
from workers.states import JobKind
from workers.store import costs, datasets, jobs, runs
from workers.store.session import reading, writing
from workers.store.tables import Dataset, TrainingCost


@door
def measure_cost(dataset_id: str, options: TrainOptions) -> JobRecord:
    """Queue a few training steps of exactly these options; what measures the same already is followed instead."""
    with writing() as session:
        dataset = datasets.dataset_record(session, dataset_id)
        if dataset.state != "ready":
            raise ClientError(f"data set {dataset.name!r} is not ready, so nothing can be trained on it yet")
        key = _key(session.get_one(Dataset, dataset_id), options)
        waiting = [item for item in costs.cost_records(session, [key])[key] if item.measured is None]
        if waiting:
            return get_job(waiting[0].job_id)
        job = jobs.add_job(
            session,
            JobKind.COST,
            f"Cost of {options.method.value} {options.backbone.value} on {dataset.name}",
            options=options.model_dump(mode="json"),
            priority=jobs.MAX_PRIORITY,
            dataset_id=dataset_id,
        )
        session.add(TrainingCost(job_id=job.id, dataset_id=dataset_id, key=key))
        job_id = job.id
    return sent(job_id)


@door
def list_costs(dataset_id: str, options: TrainOptions) -> list[CostRecord]:
    """Measurements that hold for these options on this data set: one that is being made first, then newest first.

    Each has the cost of the whole run with these options, whatever its number of epochs.
    """
    with reading() as session:
        dataset = _dataset(session, dataset_id)
        key = _key(dataset, options)
        return [_with_cost(item, dataset, options) for item in costs.cost_records(session, [key])[key]]


@door
def sweep_cost(
    dataset_id: str, options: TrainOptions, values: Mapping[str, Sequence[Any]]
) -> SweepCostRecord | None:
    """Cost of all runs of a sweep; ``None`` where steps of the options themselves were not measured.

    Runs whose swept option changes a step, such as the batch size, count with their own measurement where there is
    one, else with that of ``options``.
    """
    planned = [chosen for _, chosen in sweep_options(options, values)]
    with reading() as session:
        dataset = _dataset(session, dataset_id)
        keys = [_key(dataset, chosen) for chosen in [options, *planned]]
        known = costs.cost_records(session, set(keys))
        ready = {key: next((item for item in found if item.measured), None) for key, found in known.items()}
        base = ready[keys[0]]
        if base is None:
            return None
        measured = [ready[key] or base for key in keys[1:]]
        totals = [
            found.total_s
            for item, chosen in zip(measured, planned, strict=True)
            if (found := _with_cost(item, dataset, chosen).cost)
        ]
    n_workers = training_workers()
    return SweepCostRecord(
        runs=len(planned),
        guessed=sum(ready[key] is None for key in keys[1:]),
        workers=n_workers,
        work_s=sum(totals),
        total_s=side_by_side(totals, n_workers),
    )


def training_workers() -> int:
    """Living workers that take trainings."""
    return sum(worker.alive and Queue.TRAINING.value in worker.queues for worker in workers_status())


@door
def solver_cost(
    run_id: str, step_solver_s: float, *, dataset_id: str | None = None
) -> tuple[float, int, str] | None:
    """Time that the views take in a training like this run's, if those of one step take ``step_solver_s``.

    Args:
        run_id: Its options say how many epochs, samples per step and evaluations of the views per step.
        step_solver_s: Both views on one batch, forward and backward.
        dataset_id: To train on; default the run's own, if it is here.

    Returns:
        Seconds, size of the training split, and name of the data set; ``None`` where there are no data to count.
    """
    with reading() as session:
        run = runs.run_record(session, run_id)
        options = TrainOptions.parse(run.options)
        for found in (run.dataset_id, dataset_id):
            dataset = session.get(Dataset, found) if found else None
            if dataset is not None and dataset.n_train:
                per_step = 2 if options.avce.two_step else 1
                seconds = solver_seconds(per_step * step_solver_s, options, dataset.n_train)
                return seconds, dataset.n_train, dataset.name
    return None


def _side(dataset: Dataset) -> int:
    return int(dataset.card.get("recipe", {}).get("size", 128))


def _dataset(session: Session, dataset_id: str) -> Dataset:
    datasets.dataset_record(session, dataset_id)  # one that is not there is named
    return session.get_one(Dataset, dataset_id)


def _key(dataset: Dataset, options: TrainOptions) -> str:
    return cost_key(options, _side(dataset), dataset.n_train)


def _with_cost(item: CostRecord, dataset: Dataset, options: TrainOptions) -> CostRecord:
    if item.measured is None:
        return item
    cost = cost_of(item.measured, options, dataset.n_train, dataset.n_val, _side(dataset))
    return item.model_copy(update={"cost": cost})
