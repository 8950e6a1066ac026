"""The reporter: rows follow the work, and the work follows the rows."""

from __future__ import annotations

import time

import pytest

from avce.errors import CancelledError
from avce.options import TrainOptions
from workers import lifecycle
from workers.client import cancel_job, get_job, job_log, metric_points, train
from workers.errors import LeaseLostError, WorkerStoppingError
from workers.reporting import JobReporter, worker_stopping
from workers.states import JobState
from workers.store.session import writing
from workers.store.tables import Dataset, Job


def until_raised(reporter, seconds=5.0):
    """Check again and again, as work does; the heartbeat thread needs a moment."""
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        reporter.check()
        time.sleep(0.01)


def test_progress_stage_message_and_time_left_appear_on_the_row(new_job):
    job_id = new_job()
    with JobReporter(lifecycle.claim(job_id, "w")) as reporter:
        reporter.stage("train")
        reporter.progress(0, 4)
        time.sleep(0.02)
        reporter.progress(1, 4, "epoch 1 of 4")
        job = get_job(job_id)
    assert (job.stage, job.progress, job.message) == ("train", 0.25, "epoch 1 of 4")
    assert job.eta_s >= 0.06


def test_what_an_earlier_attempt_did_does_not_make_the_time_left_short(new_job):
    job_id = new_job()
    with JobReporter(lifecycle.claim(job_id, "w")) as reporter:
        reporter.stage("train")
        reporter.progress(90, 100)
        assert get_job(job_id).eta_s is None
        time.sleep(0.02)
        reporter.progress(91, 100)
        job = get_job(job_id)
    assert job.eta_s >= 0.18  # nine times what the one hundredth of this attempt took


def test_an_unknown_total_leaves_progress_alone(new_job):
    job_id = new_job()
    with JobReporter(lifecycle.claim(job_id, "w")) as reporter:
        reporter.progress(7, None, "frame 7")
    assert (get_job(job_id).progress, get_job(job_id).message) == (0.0, "frame 7")


def test_what_is_throttled_is_written_at_the_end(new_job, monkeypatch):
    job_id = new_job()
    reporter = JobReporter(lifecycle.claim(job_id, "w"))
    reporter._report_s = 1000.0
    reporter._heartbeat_s = 1000.0
    with reporter:
        for done in range(1, 101):
            reporter.progress(done, 100)
            reporter.log(f"line {done}")
        assert get_job(job_id).progress == 0.01
    assert get_job(job_id).progress == 1.0
    assert [line.text for line in job_log(job_id)][1:] == [f"line {n}" for n in range(1, 101)]


def test_a_cancel_reaches_the_work(new_job):
    job_id = new_job()
    with JobReporter(lifecycle.claim(job_id, "w")) as reporter:
        cancel_job(job_id)
        with pytest.raises(CancelledError, match="by the user"):
            until_raised(reporter)


def test_a_lost_lease_reaches_the_work_and_stops_the_writing(new_job):
    job_id = new_job()
    with JobReporter(lifecycle.claim(job_id, "old")) as reporter:
        with writing() as session:
            lifecycle.change(session, Job.id == job_id, state=JobState.QUEUED)
        lifecycle.claim(job_id, "new")
        with pytest.raises(LeaseLostError):
            until_raised(reporter)
        reporter.log("from the grave")
    assert "from the grave" not in [line.text for line in job_log(job_id)]


def test_the_work_learns_that_its_worker_is_stopping(new_job):
    with JobReporter(lifecycle.claim(new_job(), "w")) as reporter:
        worker_stopping.set()
        with pytest.raises(WorkerStoppingError):
            reporter.progress(1, 2)


def test_curves_are_rows_and_a_repeated_step_replaces_its_point(home):
    with writing() as session:
        dataset = Dataset(name="d", source={})
        session.add(dataset)
        session.flush()
        dataset_id = dataset.id
        lifecycle_job = Job(
            kind="import", queue="datasets", title="d", dataset_id=dataset_id, state=JobState.SUCCEEDED
        )
        session.add(lifecycle_job)
    job = train(dataset_id, TrainOptions())
    with JobReporter(lifecycle.claim(job.id, "w")) as reporter:
        reporter.metrics(1, {"train/loss": 0.9, "val/ccc_valence": float("nan")}, epoch=0.5)
        reporter.metrics(2, {"train/loss": 0.8}, epoch=1.0)
        reporter.metrics(2, {"train/loss": 0.7}, epoch=1.0)
    points = metric_points(job.run_id)
    assert points.to_dict("list") == {
        "name": ["train/loss"] * 2,
        "step": [1, 2],
        "epoch": [0.5, 1.0],
        "value": [0.9, 0.7],
    }
    assert metric_points(job.run_id, names=["other"]).empty


def test_a_job_without_a_run_has_no_curves(new_job):
    with JobReporter(lifecycle.claim(new_job(), "w")) as reporter:
        reporter.metrics(1, {"loss": 1.0})
