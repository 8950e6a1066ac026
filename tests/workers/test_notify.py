"""The webhook, against a real HTTP server on loopback."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from workers import lifecycle, notify
from workers.client import cancel_job, get_job, retry_job
from workers.settings import get_settings
from workers.states import JobKind, JobState
from workers.store.session import writing
from workers.store.tables import Job, utc_now


@pytest.fixture
def receiver(home, monkeypatch):
    """A server that keeps what it gets; its ``answers`` are given one after the other, then 204."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.got.append((self.headers["Content-Type"], json.loads(body)))
            self.send_response(self.server.answers.pop(0) if self.server.answers else 204)
            self.end_headers()

        def log_message(self, *_):
            """Silence."""

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        server.got, server.answers = [], []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("AVCE_WEBHOOK_URL", f"http://127.0.0.1:{server.server_port}/hook")
        get_settings.cache_clear()
        yield server
        server.shutdown()
        thread.join()


def earlier(job_id, seconds):
    with writing() as session:
        lifecycle.change(session, Job.id == job_id, finished_at=utc_now() - timedelta(seconds=seconds))


def test_each_end_is_told_once_as_json(new_job, receiver):
    job_id = new_job("Train it", kind=JobKind.TRAIN)
    new_job("still waits")
    assert notify.notify() == 0
    cancel_job(job_id)
    assert notify.notify() == 1
    assert notify.notify() == 0
    [(kind, message)] = receiver.got
    assert kind == "application/json"
    assert {name: message[name] for name in ("job", "kind", "state", "title", "error")} == {
        "job": job_id,
        "kind": "train",
        "state": "cancelled",
        "title": "Train it",
        "error": "cancelled by the user",
    }
    assert message["finished_at"] == get_job(job_id).finished_at.isoformat()


def test_a_refusal_is_tried_again_later_and_later(new_job, receiver):
    job_id = new_job()
    cancel_job(job_id)
    receiver.answers = [500, 503]
    assert notify.notify() == 0
    assert notify.notify() == 0  # not due yet
    assert len(receiver.got) == 1
    earlier(job_id, notify.wait_s(1))
    assert notify.notify() == 0
    earlier(job_id, notify.wait_s(2))
    assert notify.notify() == 1
    assert len(receiver.got) == 3


def test_a_job_that_ends_again_is_told_again(new_job, receiver):
    job_id = new_job()
    cancel_job(job_id)
    notify.notify()
    retry_job(job_id)
    held = lifecycle.claim(job_id, "w")
    with writing() as session:
        lifecycle.finish(session, held, JobState.SUCCEEDED)
    assert notify.notify() == 1
    assert [message["state"] for _, message in receiver.got] == ["cancelled", "succeeded"]


def test_an_address_that_nobody_listens_at_is_given_up_in_the_end(new_job, home, monkeypatch):
    monkeypatch.setenv("AVCE_WEBHOOK_URL", "http://127.0.0.1:9/hook")
    get_settings.cache_clear()
    job_id = new_job()
    cancel_job(job_id)
    for tries in range(notify.MAX_TRIES + 2):
        earlier(job_id, notify.wait_s(tries))
        assert notify.notify() == 0
    with writing() as session:
        assert session.get(Job, job_id).notify_tries == notify.MAX_TRIES


def test_old_ends_are_no_news_and_helpers_are_nobodys(new_job, receiver):
    old, helper = new_job(), new_job(kind=JobKind.SEGMENT)
    for job_id in (old, helper):
        cancel_job(job_id)
    earlier(old, notify.NEWS_S + 1)
    assert notify.notify() == 0
    assert receiver.got == []
