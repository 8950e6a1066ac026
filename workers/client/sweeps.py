"""Several trainings as one group: over seeds, or over the values of one or two options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from sqlalchemy import select

from avce.options import EvaluateOptions, Split, TrainOptions
from workers import lifecycle
from workers.client._door import door
from workers.client.datasets import get_dataset, sent
from workers.client.runs import add_training, evaluate
from workers.errors import ClientError
from workers.records import EvaluationRecord, GroupRecord, JobRecord, RunRecord
from workers.states import ENDED_BADLY, JobState
from workers.store import evaluations, groups, runs
from workers.store.session import reading, writing
from workers.store.tables import Evaluation, Job

MAX_OPTIONS, MAX_RUNS = 2, 100


def sweep_options(
    options: TrainOptions, values: Mapping[str, Sequence[Any]]
) -> list[tuple[dict[str, Any], TrainOptions]]:
    """Every combination of the values, with the options that it makes; ``avce.x`` is a field of the objective.

    Raises:
        ClientError: No option or more than two, an option without values or with one twice, or too many runs.
        OptionError: A value that the option does not take.
    """
    if not 1 <= len(values) <= MAX_OPTIONS:
        raise ClientError(f"a sweep takes one or two options, got {len(values)}")
    for name, found in values.items():
        if not found or len(set(found)) < len(found):
            raise ClientError(f"{name}: expected different values, at least one, got {list(found)}")
    combinations = [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]
    if len(combinations) > MAX_RUNS:
        raise ClientError(
            f"a sweep has at most {MAX_RUNS} runs, this one {len(combinations)}; give fewer values"
        )
    return [(chosen, _with(options, chosen)) for chosen in combinations]


def _with(options: TrainOptions, chosen: Mapping[str, Any]) -> TrainOptions:
    plain = options.model_dump(mode="json")
    for name, value in chosen.items():
        part, _, inner = name.partition(".")
        if not inner:
            plain[part] = value
        elif isinstance(plain.get(part), dict):
            plain[part] |= {inner: value}
        else:
            raise ClientError(f"{name}: no such option of training; {part!r} has no parts")
    return TrainOptions.parse(plain)


@door
def train_sweep(
    dataset_id: str,
    options: TrainOptions,
    values: Mapping[str, Sequence[Any]],
    *,
    name: str,
    priority: int = 0,
) -> GroupRecord:
    """Queue one training for each combination of the values, all or none, as one group."""
    planned = sweep_options(options, values)
    with writing() as session:
        group = groups.add_group(session, name, values)
        jobs = []
        for combination, chosen in planned:
            words = ", ".join(
                f"{option.removeprefix('avce.')} {value}" for option, value in combination.items()
            )
            job = add_training(session, dataset_id, chosen, name=f"{name} · {words}", priority=priority)
            job.group_id = group.id
            jobs.append(job.id)
            session.flush()
        group_id = group.id
    for job_id in jobs:
        sent(job_id)
    return get_group(group_id)


@door
def list_groups(*, limit: int = 50) -> list[GroupRecord]:
    """Groups of jobs, newest first."""
    with reading() as session:
        return groups.group_records(session, limit=limit)


@door
def get_group(group_id: str) -> GroupRecord:
    """The group with this id."""
    with reading() as session:
        return groups.group_record(session, group_id)


@door
def group_runs(group_id: str) -> list[RunRecord]:
    """Runs of a group, newest first."""
    with reading() as session:
        return runs.run_records(session, Job.group_id == group_id)


@door
def evaluate_group(group_id: str) -> list[JobRecord]:
    """Queue an evaluation for each run of a group that has none, on the test split of the data it was trained on.

    A run that still trains is evaluated once it is done; one that failed or was cancelled is left out. Where the data
    have no test split, validation is taken.
    """
    known = {item.run_id for item in group_evaluations(group_id) if item.state not in ENDED_BADLY}
    queued = []
    for run in group_runs(group_id):
        if run.id in known or run.state in ENDED_BADLY:
            continue
        split = Split.TEST if get_dataset(run.dataset_id).n_test else Split.VAL
        queued.append(evaluate(run.id, run.dataset_id, EvaluateOptions(split=split)))
    return queued


@door
def group_evaluations(group_id: str) -> list[EvaluationRecord]:
    """Evaluations of a group's runs, newest first, without their figures."""
    members = select(Job.run_id).where(Job.group_id == group_id)
    with reading() as session:
        groups.group_record(session, group_id)
        return evaluations.evaluation_records(session, Evaluation.run_id.in_(members), is_brief=True)


@door
def cancel_group(group_id: str) -> GroupRecord:
    """Cancel all jobs of a group that have not ended."""
    with writing() as session:
        groups.group_record(session, group_id)
        live = [state for state in JobState if not state.is_final]
        for job_id in list(session.scalars(groups.jobs_of(group_id, live))):
            lifecycle.cancel(session, job_id)
    return get_group(group_id)
