"""Several trainings as one group."""

from __future__ import annotations

import pytest

from avce.options import SynthOptions, train_options
from workers.client import (
    cancel_group,
    cancel_job,
    evaluate_group,
    get_job,
    group_evaluations,
    group_runs,
    list_groups,
    list_jobs,
    list_runs,
    synthesize_dataset,
    train_sweep,
)
from workers.errors import ClientError
from workers.states import JobKind, JobState

OPTIONS = train_options(preset="smoke")


@pytest.fixture
def dataset_id(home):
    return synthesize_dataset("faces", SynthOptions()).dataset_id


def test_a_sweep_over_two_options_is_one_group_with_a_run_for_each_combination(dataset_id):
    values = {"seed": [1, 2], "avce.weight": [0.1, 0.5]}
    group = train_sweep(dataset_id, OPTIONS, values, name="Weights", priority=4)
    runs = group_runs(group.id)
    found = {(run.options["seed"], run.options["avce"]["weight"]) for run in runs}
    assert found == {(1, 0.1), (1, 0.5), (2, 0.1), (2, 0.5)}
    assert {get_job(run.job_id).priority for run in runs} == {4}
    assert "Weights · seed 1, weight 0.1" in {run.name for run in runs}
    assert (group.values, group.total, group.is_live) == (values, 4, True)
    assert {run.group_id for run in list_runs()} == {group.id}


def test_all_of_a_group_are_cancelled_at_once_and_others_go_on(dataset_id):
    group = train_sweep(dataset_id, OPTIONS, {"seed": [1, 2, 3]}, name="Seeds")
    other = train_sweep(dataset_id, OPTIONS, {"seed": [4]}, name="Other")
    assert cancel_group(group.id).states == {JobState.CANCELLED: 3}
    assert {found.name: found.is_live for found in list_groups()} == {"Seeds": False, "Other": True}
    assert [job.state for job in list_jobs(group_id=other.id)] == [JobState.QUEUED]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "one or two options, got 0"),
        ({"seed": [1], "epochs": [1], "batch_size": [8]}, "got 3"),
        ({"seed": [1, 1]}, "different values"),
        ({"seed": []}, "at least one"),
        ({"seed": list(range(101))}, "at most 100 runs, this one 101"),
        ({"seed": [1], "epochs": [2, -1]}, "epochs"),
        ({"sed": [1]}, "sed"),
        ({"epochs.x": [1]}, "epochs"),
    ],
)
def test_a_sweep_that_cannot_be_queues_nothing(dataset_id, values, words):
    with pytest.raises(ClientError, match=words):
        train_sweep(dataset_id, OPTIONS, values, name="Bad")
    assert list_jobs(kinds=[JobKind.TRAIN]) == []
    assert list_groups() == []


def test_an_unknown_group_is_said_in_one_line(home):
    with pytest.raises(ClientError, match="group 'nope' does not exist"):
        cancel_group("nope")


def test_all_runs_of_a_group_are_evaluated_once_and_after_their_training(dataset_id):
    group = train_sweep(dataset_id, OPTIONS, {"seed": [1, 2, 3]}, name="Seeds")
    first, *others = group_runs(group.id)
    cancel_job(first.job_id)
    queued = evaluate_group(group.id)
    assert {job.run_id for job in queued} == {run.id for run in others}
    assert {job.after_job_id for job in queued} == {run.job_id for run in others}
    assert {item.run_id for item in group_evaluations(group.id)} == {run.id for run in others}
    assert evaluate_group(group.id) == []
    with pytest.raises(ClientError, match="does not exist"):
        evaluate_group("nosuch")
