"""Inspections: queued by the client, done by the task, read by the pages."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from avce.errors import DataError
from avce.methods import build_method
from avce.options import train_options
from avce.training.checkpoint import save_checkpoint
from tests.dashboard.seeding import Seeded, seed
from workers import client
from workers.records import JobRecord
from workers.states import JobKind, JobState
from workers.store import session, tables
from workers.store.files import file_store
from workers.store.runs import kept_files, kept_folders
from workers.tasks.figures import inspect_face


@pytest.fixture
def seeded(home: Path) -> Seeded:
    """Seeded rows; the second run gets a real, tiny checkpoint."""
    made = seed(home)
    torch.manual_seed(0)
    options = train_options(preset="smoke", batch_size=4, feature_dim=8)
    save_checkpoint(
        home / "tiny", build_method(options).state_dict(), options, {"crop": {"margin": 0.0, "size": 64}}
    )
    with session.writing() as opened:
        row = opened.query(tables.Checkpoint).filter_by(run_id=made.run_ids[1]).one()
        row.files = file_store().put_folder(home / "tiny")
    return made


def done(job: JobRecord) -> str:
    """Id of the inspection, after its task ran."""
    inspect_face(job.id)
    ended = client.get_job(job.id)
    assert ended.state is JobState.SUCCEEDED, ended.error
    return str(ended.options["inspection_id"])


def test_a_sample_is_looked_into_and_keeps_its_label(seeded: Seeded, sent: list[str]) -> None:
    job = client.inspect(seeded.run_ids[1], dataset_id=seeded.dataset_id, row=3)
    assert (job.kind, job.queue, sent[-1]) == (JobKind.INSPECT, "figures", job.id)
    waiting = client.get_inspection(str(job.options["inspection_id"]))
    assert (waiting.state, waiting.result) == (JobState.QUEUED, {})
    found = client.get_inspection(done(job))
    assert (found.row, found.dataset_name, found.run_name) == (3, "Seeded faces", "Seeded avce")
    assert found.checkpoint_id == client.get_run(seeded.run_ids[1]).checkpoint_id
    assert len(found.result["z"]) == found.result["dim"] == 8
    sample = next(s for s in client.dataset_samples(seeded.dataset_id, limit=600) if s.row == 3)
    assert found.result["label"] == pytest.approx([sample.valence, sample.arousal])
    assert client.inspection_jpeg(found.id).startswith(b"\xff\xd8")
    assert [item.id for item in client.list_inspections(seeded.run_ids[1])] == [found.id]
    assert client.list_inspections(seeded.run_ids[0]) == []


def test_kept_epochs_show_training_move_the_same_face(seeded: Seeded, tmp_path: Path) -> None:
    options = train_options(preset="smoke", batch_size=4, feature_dim=8)
    for epoch in (5, 10, 15):
        torch.manual_seed(epoch)
        save_checkpoint(tmp_path / "kept" / f"{epoch:06d}", build_method(options).state_dict(), options, {})
    with session.writing() as opened:
        row = opened.query(tables.Checkpoint).filter_by(run_id=seeded.run_ids[1]).one()
        row.files = row.files | kept_files(tmp_path / "kept")
        assert [epoch for epoch, _ in kept_folders(row, 2)] == [5, 15]
    found = client.get_inspection(
        done(client.inspect(seeded.run_ids[1], dataset_id=seeded.dataset_id, row=3))
    )
    assert [moment["epoch"] for moment in found.result["training"]] == [5, 10, 15]
    first, *_, last = found.result["training"]
    assert first["z"] != last["z"] != found.result["z"]
    assert sum(first["attentive"]["values"]) == pytest.approx(1, abs=1e-5)
    assert "solvers" not in first
    assert client.list_inspections()[0].result == {}


def test_an_uploaded_picture_is_looked_into_without_a_label(seeded: Seeded) -> None:
    picture = np.full((80, 60, 3), 120, np.uint8)
    file = client.store_upload(io.BytesIO(cv2.imencode(".png", picture)[1].tobytes()), "me.png")
    found = client.get_inspection(done(client.inspect(seeded.run_ids[1], file=file)))
    assert (found.file_name, found.dataset_id, found.row) == ("me.png", None, None)
    assert found.result["label"] is None
    assert "whole picture" in found.result["cut"]


def test_an_upload_that_is_no_picture_fails_by_its_name(seeded: Seeded) -> None:
    job = client.inspect(seeded.run_ids[1], file=client.store_upload(io.BytesIO(b"words"), "notes.txt"))
    with pytest.raises(DataError):
        inspect_face(job.id)
    assert "notes.txt: expected a picture" in str(client.get_job(job.id).error)


def test_a_row_that_is_not_there_fails_with_the_range(seeded: Seeded) -> None:
    job = client.inspect(seeded.run_ids[1], dataset_id=seeded.dataset_id, row=600)
    with pytest.raises(DataError, match="expected 0 to 599"):
        inspect_face(job.id)


def test_exactly_one_face_must_be_named(seeded: Seeded) -> None:
    with pytest.raises(client.ClientError, match="choose one face"):
        client.inspect(seeded.run_ids[1])
    with pytest.raises(client.ClientError, match="choose one face"):
        client.inspect(seeded.run_ids[1], dataset_id=seeded.dataset_id)


def test_a_run_that_still_trains_is_waited_for(seeded: Seeded) -> None:
    running = client.get_job(seeded.running_job_id)
    job = client.inspect(str(running.run_id), dataset_id=seeded.dataset_id, row=0)
    assert job.after_job_id == running.id


def test_there_is_no_picture_before_the_job_is_done(seeded: Seeded) -> None:
    job = client.inspect(seeded.run_ids[1], dataset_id=seeded.dataset_id, row=3)
    with pytest.raises(client.ClientError, match="not finished"):
        client.inspection_jpeg(str(job.options["inspection_id"]))
    with pytest.raises(client.NotFoundError, match="does not exist"):
        client.get_inspection("nosuch")
