"""States of jobs: who wins, who may write, what followers become."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from workers import lifecycle
from workers.client import cancel_job, get_job, job_log, retry_job
from workers.errors import ClientError
from workers.states import JobState
from workers.store.session import writing
from workers.store.tables import Job, utc_now


def end(job_id, state=JobState.SUCCEEDED, error=None):
    held = lifecycle.claim(job_id, "w")
    with writing() as session:
        assert lifecycle.finish(session, held, state, error=error)


def test_a_claim_takes_a_queued_job_once(new_job):
    job_id = new_job()
    first, second = lifecycle.claim(job_id, "one"), lifecycle.claim(job_id, "two")
    assert first is not None
    assert second is None
    job = get_job(job_id)
    assert (job.state, job.worker, job.attempts) == (JobState.RUNNING, "one", 1)


def test_of_many_who_claim_at_once_one_wins(new_job):
    job_ids = [new_job() for _ in range(5)]
    with ThreadPoolExecutor(8) as pool:
        for job_id in job_ids:
            won = list(pool.map(lambda n, job_id=job_id: lifecycle.claim(job_id, f"w{n}"), range(8)))
            assert sum(held is not None for held in won) == 1


def test_an_unknown_job_cannot_be_claimed(home):
    assert lifecycle.claim("nope", "w") is None


def test_a_job_waits_for_its_predecessor(new_job):
    first = new_job()
    second = new_job(after=first)
    assert lifecycle.claim(second, "w") is None
    end(first)
    assert lifecycle.claim(second, "w") is not None


def test_a_worker_that_lost_its_claim_changes_nothing(new_job):
    job_id = new_job()
    old = lifecycle.claim(job_id, "old")
    with writing() as session:
        lifecycle.change(session, Job.id == job_id, state=JobState.QUEUED)
    new = lifecycle.claim(job_id, "new")
    with writing() as session:
        assert not lifecycle.finish(session, old, JobState.SUCCEEDED)
    assert not lifecycle.renew(old).holds
    assert not lifecycle.release(old, "stopping")
    assert get_job(job_id).worker == "new"
    assert lifecycle.renew(new) == lifecycle.Renewed(holds=True)


def test_renewing_moves_the_lease_and_tells_of_a_cancel(new_job):
    job_id = new_job()
    held = lifecycle.claim(job_id, "w")
    with writing() as session:
        lifecycle.change(session, Job.id == job_id, lease_until=utc_now() - timedelta(seconds=1))
    cancel_job(job_id)
    assert lifecycle.renew(held) == lifecycle.Renewed(holds=True, cancel=True)
    with writing() as session:
        assert session.get(Job, job_id).lease_until > utc_now()


def test_releasing_does_not_count_the_attempt(new_job):
    job_id = new_job()
    held = lifecycle.claim(job_id, "w")
    assert lifecycle.release(held, "its worker was told to stop")
    job = get_job(job_id)
    assert (job.state, job.attempts, job.worker) == (JobState.QUEUED, 0, None)


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED])
def test_followers_end_with_the_reason_when_a_job_does_not_succeed(new_job, state):
    first = new_job("first")
    second = new_job("second", after=first)
    third = new_job("third", after=second)
    end(first, state, "the disk is full")
    for follower in (second, third):
        job = get_job(follower)
        assert job.state is state
        assert "the disk is full" in job.error
    assert "'first'" in get_job(second).error


def test_cancelling_a_queued_job_ends_it_and_its_followers(new_job):
    first = new_job()
    second = new_job(after=first)
    assert cancel_job(first).state is JobState.CANCELLED
    assert get_job(second).state is JobState.CANCELLED
    assert lifecycle.claim(first, "w") is None


def test_cancelling_a_running_job_sets_the_flag_only(new_job):
    job_id = new_job()
    lifecycle.claim(job_id, "w")
    job = cancel_job(job_id)
    assert (job.state, job.cancel_requested) == (JobState.RUNNING, True)


def test_a_job_that_has_ended_cannot_be_cancelled(new_job):
    job_id = new_job()
    end(job_id)
    with pytest.raises(ClientError, match="succeeded"):
        cancel_job(job_id)


def test_retry_queues_the_job_and_the_followers_that_never_started(new_job, sent):
    first = new_job()
    second = new_job(after=first)
    third = new_job(after=second)
    end(first, JobState.FAILED, "no")
    job = retry_job(first)
    assert (job.state, job.attempts, job.error, job.finished_at) == (JobState.QUEUED, 0, None, None)
    assert {get_job(follower).state for follower in (second, third)} == {JobState.QUEUED}
    assert sent == [first]  # the followers' messages go out when their turn comes


def test_only_failed_or_cancelled_jobs_can_be_retried(new_job):
    job_id = new_job()
    with pytest.raises(ClientError, match="queued"):
        retry_job(job_id)


def test_the_log_tells_the_whole_story(new_job):
    job_id = new_job()
    end(job_id, JobState.FAILED, "the disk is full")
    retry_job(job_id)
    texts = [line.text for line in job_log(job_id)]
    assert texts == ["attempt 1 on w", "failed: the disk is full", "queued again"]
    assert [line.n for line in job_log(job_id, after=1)] == [2, 3]
