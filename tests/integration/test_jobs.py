"""No lost job: real workers, a real Redis, real training, and everything that may go wrong between."""

from __future__ import annotations

import io
import signal
import zipfile

import pytest
import redis

from avce.options import PrepareOptions, SynthOptions, train_options
from tests.integration.conftest import log_texts, until, wait_for
from workers import client
from workers.app import connection
from workers.dispatch import send
from workers.settings import get_settings
from workers.states import JobKind, JobState

pytestmark = pytest.mark.integration

LONG = train_options(preset="smoke", epochs=10_000)
SHORT = train_options(preset="smoke", epochs=1)


def epochs_so_far(run_id):
    points = client.metric_points(run_id)
    return 0 if points.empty else points["epoch"].max()


def test_a_training_whose_worker_is_killed_is_finished_by_the_next_one(studio, dataset_id):
    studio.start_beat()
    worker = studio.start_worker("first")
    job = client.train(dataset_id, train_options(preset="smoke", epochs=150))
    wait_for(lambda: epochs_so_far(job.run_id) >= 3)
    studio.end(worker, signal.SIGKILL)
    assert client.get_job(job.id).state is JobState.RUNNING  # nobody could tell the database
    studio.start_worker("second")
    done = until(job.id, JobState.SUCCEEDED, JobState.FAILED)
    assert (done.state, done.attempts, done.worker) == (JobState.SUCCEEDED, 2, "second@test"), done.error
    texts = log_texts(job.id)
    assert "worker first@test vanished at attempt 1; back to the queue" in texts
    assert any(text.startswith("resumed in epoch") for text in texts)
    run = client.get_run(job.run_id)
    assert run.checkpoint_id
    assert run.best["ccc_valence"] == pytest.approx(run.best["ccc_valence"])
    points = client.metric_points(job.run_id)
    assert points["epoch"].max() == 150
    assert not points.duplicated(["name", "step"]).any()
    assert not list((studio.home / "work").iterdir())


def test_a_worker_that_is_told_to_stop_hands_its_training_over(studio, dataset_id):
    studio.start_beat()
    worker = studio.start_worker("first")
    job = client.train(dataset_id, LONG)
    wait_for(lambda: epochs_so_far(job.run_id) >= 1)
    assert studio.end(worker) == 0
    assert client.get_job(job.id).state is JobState.QUEUED
    assert client.workers_status() == []
    studio.start_worker("second")
    wait_for(lambda: client.get_job(job.id).worker == "second@test")
    assert client.get_job(job.id).attempts == 1
    client.cancel_job(job.id)
    until(job.id, JobState.CANCELLED)


def test_a_cancelled_training_stops_and_the_worker_goes_on_with_the_next_job(studio, dataset_id):
    studio.start_worker()
    job, waiting = client.train(dataset_id, LONG), client.train(dataset_id, SHORT)
    assert waiting.queue_position is not None
    wait_for(lambda: epochs_so_far(job.run_id) >= 1)
    assert client.get_job(waiting.id).queue_position == 1
    client.cancel_job(job.id)
    assert until(job.id, JobState.CANCELLED).error == "cancelled by the user"
    until(waiting.id, JobState.SUCCEEDED)
    assert client.get_run(job.run_id).checkpoint_id is None


def test_a_paused_training_outlives_its_worker_and_goes_on_before_a_later_job(studio, dataset_id):
    worker = studio.start_worker("first")
    job = client.train(dataset_id, LONG)
    wait_for(lambda: epochs_so_far(job.run_id) >= 2)
    client.pause_job(job.id)
    until(job.id, JobState.PAUSED)
    done = epochs_so_far(job.run_id)
    assert studio.end(worker) == 0
    later = client.train(dataset_id, LONG)
    assert client.resume_job(job.id).queue_position == 1
    studio.start_worker("second")
    wait_for(lambda: epochs_so_far(job.run_id) > done)
    assert client.get_job(later.id).state is JobState.QUEUED
    assert any(text.startswith("resumed in epoch") for text in log_texts(job.id))
    client.cancel_job(later.id)
    client.cancel_job(job.id)
    until(job.id, JobState.CANCELLED)


def test_a_message_that_comes_many_times_runs_once(studio, dataset_id):
    job = client.train(dataset_id, SHORT)
    with connection() as opened:
        for _ in range(4):
            send(opened, job.id, JobKind.TRAIN, job.queue, job.priority)
    studio.start_worker("one")
    studio.start_worker("two")
    until(job.id, JobState.SUCCEEDED)
    broker = redis.Redis(port=get_settings().redis_port)
    wait_for(lambda: not any(broker.llen(key) for key in broker.keys("training*")), text="messages are left")
    last = client.train(dataset_id, SHORT)  # the workers have come through what lay before it
    until(last.id, JobState.SUCCEEDED)
    assert [text for text in log_texts(job.id) if text.startswith("attempt")] == [log_texts(job.id)[0]]
    assert client.get_job(job.id).attempts == 1


def test_jobs_survive_a_broker_that_forgets_everything(studio):
    job = client.synthesize_dataset("drawn", SynthOptions(subjects=3, per_subject=2, size=64))
    assert redis.Redis(port=get_settings().redis_port).flushall()
    studio.start_worker()
    studio.start_beat()
    until(job.id, JobState.SUCCEEDED)
    assert client.get_dataset(job.dataset_id).state == "ready"


def test_a_bad_file_fails_with_its_name_and_row_and_leaves_nothing(studio):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("labels.csv", "image,valence,arousal\na.png,0.1,0.2\nb.png,7.5,0.1\n")
        archive.writestr("a.png", b"no picture")
        archive.writestr("b.png", b"no picture")
    packed.seek(0)
    options = PrepareOptions(label_scale="-1..1")
    job = client.import_dataset("bad", [client.store_upload(packed, "bad.zip")], options)
    studio.start_worker()
    done = until(job.id, JobState.FAILED)
    assert "labels.csv" in done.error
    assert "row" in done.error
    assert str(studio.home) not in done.error
    dataset = client.get_dataset(job.dataset_id)
    assert (dataset.state, dataset.n_samples, dataset.error) == ("failed", 0, done.error)
    assert not list((studio.home / "work").iterdir())
    assert not (studio.home / "datasets").exists()
