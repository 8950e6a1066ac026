"""The border around tasks: every attempt ends in a state, and results come exactly once."""

from __future__ import annotations

import contextlib

import pytest

from avce.errors import CancelledError, DataError
from workers.client import get_job, job_log
from workers.errors import WorkerStoppingError
from workers.states import JobState
from workers.store.session import reading, writing
from workers.store.tables import Job, Video
from workers.tasks.border import Outcome, perform


def raising(error):
    def work(held, reporter):
        raise error

    return work


def nothing(held, reporter):
    return Outcome(lambda session: None)


def test_results_are_written_with_the_end_and_followers_are_sent(new_job, sent):
    first = new_job()
    second = new_job(after=first)
    tidied = []

    def work(held, reporter):
        reporter.stage("draw")
        return Outcome(lambda session: session.add(Video(name="v")), tidy=lambda: tidied.append(True))

    perform(first, work)
    job = get_job(first)
    assert (job.state, job.progress, job.error) == (JobState.SUCCEEDED, 1.0, None)
    assert job.finished_at >= job.started_at >= job.created_at
    assert tidied == [True]
    assert sent == [second]


def test_a_second_delivery_does_nothing(new_job):
    job_id = new_job()
    calls = []

    def work(held, reporter):
        calls.append(held.fence)
        perform(job_id, work)  # delivered again while it runs
        return nothing(held, reporter)

    perform(job_id, work)
    perform(job_id, work)
    assert calls == [1]


def test_an_expected_error_is_recorded_and_raised_again(new_job):
    job_id = new_job()
    with pytest.raises(DataError):
        perform(job_id, raising(DataError("labels.csv, row 3: no number")))
    job = get_job(job_id)
    assert (job.state, job.error) == (JobState.FAILED, "labels.csv, row 3: no number")


def test_an_unexpected_error_is_recorded_with_its_trace(new_job):
    job_id = new_job()
    with pytest.raises(ZeroDivisionError):
        perform(job_id, raising(ZeroDivisionError("division by zero")))
    assert get_job(job_id).error == "unexpected ZeroDivisionError: division by zero"
    assert any("Traceback" in line.text for line in job_log(job_id))


def test_a_cancel_ends_the_job_without_an_exception(new_job):
    job_id = new_job()
    perform(job_id, raising(CancelledError("stop")))
    assert get_job(job_id).state is JobState.CANCELLED


@pytest.mark.parametrize("error", [WorkerStoppingError("stopping"), SystemExit(0), KeyboardInterrupt()])
def test_a_stopping_worker_hands_its_job_back(new_job, error):
    job_id = new_job()
    with contextlib.suppress(SystemExit, KeyboardInterrupt):
        perform(job_id, raising(error))
    assert (get_job(job_id).state, get_job(job_id).attempts) == (JobState.QUEUED, 0)


def test_a_worker_that_was_overtaken_writes_no_results(new_job):
    job_id = new_job()

    def work(held, reporter):
        with writing() as session:
            session.get(Job, job_id).fence += 1
        return Outcome(lambda session: session.add(Video(name="twice")))

    perform(job_id, work)
    with reading() as session:
        assert session.query(Video).count() == 0
    assert get_job(job_id).state is JobState.RUNNING


def test_results_that_cannot_be_written_fail_the_job(new_job):
    job_id = new_job()

    def write(session):
        session.add(Video(name="half"))
        session.flush()
        raise DataError("no")

    with pytest.raises(DataError):
        perform(job_id, lambda held, reporter: Outcome(write))
    assert get_job(job_id).state is JobState.FAILED
    with reading() as session:
        assert session.query(Video).count() == 0
