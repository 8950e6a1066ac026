"""The sweep: lost workers, lost messages, forgotten followers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from workers import lifecycle, sweep
from workers.client import cancel_job, get_job, job_log
from workers.dispatch import dispatch
from workers.settings import get_settings
from workers.states import JobState
from workers.store.session import writing
from workers.store.tables import Job, utc_now


@pytest.fixture
def held_messages(monkeypatch):
    """How many messages the broker holds for a queue."""
    held = {}
    monkeypatch.setattr(sweep, "messages_in", lambda queue: held.get(queue, 0))
    return held


def expire(job_id):
    with writing() as session:
        session.get(Job, job_id).lease_until = utc_now() - timedelta(seconds=1)


def age(job_id):
    with writing() as session:
        session.get(Job, job_id).sent_at = utc_now() - timedelta(seconds=get_settings().resend_s + 1)


def test_a_job_whose_worker_vanished_is_queued_and_sent_again(new_job, sent):
    job_id = new_job()
    lifecycle.claim(job_id, "w")
    expire(job_id)
    assert sweep.sweep().requeued == [job_id]
    assert get_job(job_id).state is JobState.QUEUED
    assert sent == [job_id]
    assert job_log(job_id)[-1].text == "worker w vanished at attempt 1; back to the queue"


def test_a_running_job_with_a_lease_is_left_alone(new_job, sent):
    lifecycle.claim(new_job(), "w")
    swept = sweep.sweep()
    assert (swept.requeued, swept.ended, swept.sent) == ([], [], 0)


def test_a_job_that_lost_its_worker_too_often_fails_with_its_followers(new_job, monkeypatch):
    job_id = new_job("deadly")
    follower = new_job(after=job_id)
    for _ in range(get_settings().max_attempts):
        assert lifecycle.claim(job_id, "w") is not None
        expire(job_id)
        sweep.sweep()
    assert get_job(job_id).state is JobState.FAILED
    assert "vanished at attempt 5" in get_job(job_id).error
    assert get_job(follower).state is JobState.FAILED


def test_a_job_to_be_cancelled_whose_worker_vanished_is_cancelled(new_job):
    job_id = new_job()
    lifecycle.claim(job_id, "w")
    cancel_job(job_id)
    expire(job_id)
    assert sweep.sweep().ended == [job_id]
    assert get_job(job_id).state is JobState.CANCELLED


def test_a_job_that_was_never_sent_is_sent(new_job, sent):
    job_id = new_job()
    sweep.sweep()
    sweep.sweep()
    assert sent == [job_id]


def test_a_message_that_the_broker_lost_is_sent_again(new_job, sent, held_messages):
    first, second = new_job(), new_job()
    dispatch([first, second])
    age(first)
    age(second)
    held_messages["figures"] = 2
    assert sweep.sweep().sent == 0
    held_messages["figures"] = 1
    assert sweep.sweep().sent == 2
    assert sent == [first, second] * 2


def test_a_message_that_has_just_been_sent_is_not_lost(new_job, sent, held_messages):
    job_id = new_job()
    dispatch([job_id])
    assert sweep.sweep().sent == 0


def test_a_broker_that_does_not_answer_delays_and_loses_nothing(new_job, monkeypatch):
    def refuse(*_):
        raise ConnectionRefusedError

    monkeypatch.setattr("workers.dispatch.send", refuse)
    job_id = new_job()
    assert sweep.sweep().sent == 0
    monkeypatch.setattr("workers.dispatch.send", lambda *_: None)
    assert sweep.sweep().sent == 1
    assert get_job(job_id).state is JobState.QUEUED


def test_followers_are_not_sent_before_their_turn(new_job, sent):
    first = new_job()
    new_job(after=first)
    sweep.sweep()
    assert sent == [first]


def test_followers_that_a_crash_left_waiting_are_ended(new_job):
    first = new_job("first")
    second = new_job(after=first)
    with writing() as session:  # as if the process had died between two statements
        session.get(Job, first).state = JobState.FAILED
        session.get(Job, first).error = "the disk is full"
    sweep.sweep()
    assert get_job(second).state is JobState.FAILED
    assert "the disk is full" in get_job(second).error


def test_followers_that_a_crash_left_unsent_are_sent(new_job, sent):
    first = new_job()
    second = new_job(after=first)
    with writing() as session:
        session.get(Job, first).state = JobState.SUCCEEDED
    sweep.sweep()
    assert sent == [second]
