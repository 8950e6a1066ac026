"""Pause, resume, priority: what people do to jobs that have not ended, and whose turn it is."""

from __future__ import annotations

import pytest

from workers import lifecycle, waiting
from workers.client import cancel_job, get_job, list_jobs, name_source, pause_job, resume_job, set_priority
from workers.errors import ClientError
from workers.people import _nobody
from workers.reporting import JobReporter
from workers.states import JobKind, JobState
from workers.store.session import writing
from workers.store.tables import Job, utc_now
from workers.sweep import sweep
from workers.tasks.border import Outcome, perform


def test_a_paused_job_is_not_started_and_keeps_its_place(new_job):
    first, second = new_job(), new_job()
    assert pause_job(first).state is JobState.PAUSED
    assert waiting.claim_turn(first, "w").job_id == second
    third = new_job()
    resume_job(first)
    assert [get_job(job_id).queue_position for job_id in (first, third)] == [1, 2]
    assert waiting.claim_turn(third, "w").job_id == first


def test_a_running_job_leaves_paused_at_its_next_check_and_goes_on_later(new_job, sent):
    job_id = new_job(kind=JobKind.TRAIN)
    rounds = []

    def work(held, reporter: JobReporter):
        rounds.append(held.attempt)
        reporter.progress(1, 2)
        if len(rounds) == 1:
            pause_job(job_id)
            while True:
                reporter.check()
        return Outcome(lambda session: None)

    perform(job_id, work)
    job = get_job(job_id)
    assert (job.state, job.attempts, job.progress, job.pause_requested) == (JobState.PAUSED, 0, 0.5, False)
    perform(job_id, work)  # its message is still in the broker: nothing may happen
    assert rounds == [1]
    resume_job(job_id)
    assert sent == [job_id]
    perform(job_id, work)
    assert get_job(job_id).state is JobState.SUCCEEDED


def test_a_pause_that_was_not_reached_is_taken_back(new_job):
    job_id = new_job(kind=JobKind.TRAIN)
    held = lifecycle.claim(job_id, "w")
    assert pause_job(job_id).pause_requested
    assert lifecycle.renew(held).pause
    assert resume_job(job_id).state is JobState.RUNNING
    assert not lifecycle.renew(held).pause


def test_a_worker_that_dies_while_it_is_to_pause_leaves_the_job_paused(new_job):
    job_id = new_job(kind=JobKind.TRAIN)
    lifecycle.claim(job_id, "w")
    pause_job(job_id)
    with writing() as session:
        lifecycle.change(session, Job.id == job_id, lease_until=utc_now())
    assert sweep().requeued == []
    assert get_job(job_id).state is JobState.PAUSED


def test_what_would_begin_anew_cannot_be_paused_while_it_runs(new_job):
    job_id = new_job(kind=JobKind.MAPS)
    lifecycle.claim(job_id, "w")
    with pytest.raises(ClientError, match="maps job that is running"):
        pause_job(job_id)


def test_a_paused_job_can_be_cancelled_and_its_followers_end(new_job):
    first = new_job()
    second = new_job(after=first)
    pause_job(second)
    pause_job(first)
    assert cancel_job(first).state is JobState.CANCELLED
    assert get_job(second).state is JobState.CANCELLED
    with pytest.raises(ClientError, match="only a paused job"):
        resume_job(first)


def test_the_message_of_any_job_starts_the_most_urgent_one_and_every_job_has_its_turn(new_job):
    early, late, urgent = new_job(), new_job(), new_job()
    set_priority(urgent, 9)
    assert [get_job(job_id).queue_position for job_id in (urgent, early, late)] == [1, 2, 3]
    started = [waiting.claim_turn(job_id, "w").job_id for job_id in (early, late, urgent)]
    assert started == [urgent, early, late]
    assert waiting.claim_turn(early, "w") is None


def test_jobs_of_another_kind_and_unready_ones_are_not_started_by_a_message(new_job):
    first = new_job(kind=JobKind.MAPS)
    urgent = new_job(kind=JobKind.MAPS, after=first, priority=9)
    new_job(kind=JobKind.POSTER, priority=9)
    assert waiting.claim_turn(urgent, "w").job_id == first


def test_only_a_job_that_waits_takes_a_priority_in_range(new_job):
    job_id = new_job()
    with pytest.raises(ClientError, match="0 to 9, got 10"):
        set_priority(job_id, 10)
    lifecycle.claim(job_id, "w")
    with pytest.raises(ClientError, match="running"):
        set_priority(job_id, 3)


def test_a_job_knows_who_started_it_and_is_found_by_words(new_job):
    try:
        name_source(lambda: "  Ada   Lovelace ")
        job_id = new_job("Train first")
    finally:
        name_source(_nobody)
    new_job("Train 100%")
    assert get_job(job_id).started_by == "Ada Lovelace"
    assert [job.id for job in list_jobs(search="lovelace TRAIN")] == [job_id]
    assert [job.title for job in list_jobs(search="0%")] == ["Train 100%"]
    assert list_jobs(search="nosuch") == []


def test_what_finished_after_a_moment_is_listed(new_job):
    before = utc_now()
    job_id = new_job()
    new_job()
    cancel_job(job_id)
    assert [job.id for job in list_jobs(finished_after=before)] == [job_id]
    assert list_jobs(finished_after=utc_now()) == []
