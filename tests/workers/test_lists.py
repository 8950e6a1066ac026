"""Long lists stay light: counts, brief evaluations, thinned curves, episodes no further than asked."""

from __future__ import annotations

import pytest

from workers import client
from workers.store.runs import add_points
from workers.store.session import writing
from workers.store.tables import Evaluation, Job


@pytest.fixture
def dataset(home):
    """A data set that is being imported, as far as the rows say."""
    return client.get_dataset(client.synthesize_dataset("faces").dataset_id)


@pytest.fixture
def run(dataset):
    """A run that is queued."""
    return client.get_run(client.train(dataset.id).run_id)


@pytest.fixture
def evaluation_id(run, dataset) -> str:
    """An evaluation with an answer, whose job has not finished."""
    job = client.evaluate(run.id, dataset.id)
    with writing() as session:
        row = session.get(Evaluation, job.evaluation_id)
        row.result = {"data": "abc", "zero_labels": "excluded", "valence": {"ccc": 0.5}, "trivial": {}}
    return job.evaluation_id


def test_counts_are_those_of_the_rows(run, evaluation_id):
    counts = client.counts()
    assert (counts["runs"], counts["evaluations"], counts["datasets"]) == (1, 1, 1)
    assert (counts["analyses"], counts["jobs"]) == (0, len(client.list_jobs()))


def test_a_brief_evaluation_says_only_what_it_may_be_compared_with(run, evaluation_id):
    (brief,) = client.list_evaluations(is_brief=True)
    (full,) = client.list_evaluations()
    assert brief.metrics == {"data": "abc", "zero_labels": "excluded"}
    assert brief.model_copy(update={"metrics": full.metrics}) == full


def test_only_finished_evaluations_where_figures_are_needed(run, evaluation_id):
    assert client.list_evaluations(is_done=True) == []
    with writing() as session:
        session.query(Job).filter_by(evaluation_id=evaluation_id).update({"state": "succeeded"})
    assert [item.id for item in client.list_evaluations(is_done=True, ids=[evaluation_id])] == [evaluation_id]
    assert client.list_evaluations(ids=[]) == []


def test_runs_by_id_and_their_methods(run):
    assert client.list_runs(ids=[run.id, "no such"]) == [run]
    assert client.list_runs(ids=[]) == []
    assert client.run_methods([run.id, "no such"]) == {run.id: "avce"}


def test_a_long_curve_is_thinned_evenly_and_keeps_its_last_point(run):
    with writing() as session:
        add_points(session, run.id, [("val/ccc_valence", 10 * n, float(n), n / 100) for n in range(1, 101)])
        add_points(session, run.id, [("train/loss", 10 * n, float(n), 1.0) for n in range(1, 6)])
    table = client.curves([run.id], ["val/ccc_valence", "train/loss"], max_points=12)
    ccc = table[table["name"] == "val/ccc_valence"]
    assert list(ccc["epoch"]) == [*range(9, 100, 9), 100]
    assert len(table[table["name"] == "train/loss"]) == 5
    assert list(table.columns) == ["run_id", "name", "step", "epoch", "value"]
    assert client.curves([], ["train/loss"]).empty
