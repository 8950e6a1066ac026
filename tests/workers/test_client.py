"""The dashboard's door: what it takes, what it refuses, what it hands out."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest
from sqlalchemy import text

from avce.options import AnalyzeOptions, EvaluateOptions, MapFrames, MapOptions, PrepareOptions, TrainOptions
from workers import client, lifecycle
from workers.records import StoredFile
from workers.settings import get_settings
from workers.states import JobKind, JobState
from workers.store.session import writing
from workers.store.tables import Checkpoint, TrajectoryPoint, Video


def upload(name="faces.zip", content=b"zip"):
    return client.store_upload(io.BytesIO(content), name)


def succeed(job_id):
    held = lifecycle.claim(job_id, "w")
    with writing() as session:
        assert lifecycle.finish(session, held, JobState.SUCCEEDED)


@pytest.fixture
def dataset(home):
    """An imported data set, as far as the rows say."""
    job = client.import_dataset("faces", [upload()])
    succeed(job.id)
    return client.get_dataset(job.dataset_id)


@pytest.fixture
def run(dataset):
    """A run that is queued."""
    return client.get_run(client.train(dataset.id, TrainOptions(), name="mine").run_id)


@pytest.fixture
def video(home):
    """A video of three frames, as far as the rows say."""
    with writing() as session:
        row = Video(
            name="clip.mp4", sha256="0" * 64, width=320, height=240, fps=25.0, frames=3, duration_s=0.12
        )
        session.add(row)
        session.flush()
        return row.id


def test_the_client_loads_neither_torch_nor_streamlit():
    code = "import sys, workers.client; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", f"import json; {code}"], capture_output=True, check=True)
    assert not {"torch", "streamlit", "cvxpy"} & set(json.loads(done.stdout))


def test_an_upload_keeps_only_the_last_part_of_its_name(home):
    assert upload("../../etc/face s.zip").name == "face s.zip"
    assert upload("C:\\faces\\a.zip").name == "a.zip"
    for name in ("", "a/", ".."):
        with pytest.raises(client.ClientError, match="file name"):
            upload(name)


def test_an_import_is_a_row_before_it_is_a_message(home, sent):
    job = client.import_dataset("  faces ", [upload()], PrepareOptions(size=64), priority=2)
    assert sent == [job.id]
    assert (job.kind, job.queue, job.state, job.priority) == (JobKind.IMPORT, "datasets", JobState.QUEUED, 2)
    assert job.options["size"] == 64
    dataset = client.get_dataset(job.dataset_id)
    assert (dataset.name, dataset.state, dataset.job_id) == ("faces", "importing", job.id)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: client.import_dataset("x", []), "at least one file"),
        (lambda: client.import_dataset(" ", [StoredFile(sha256="0", size=1, name="a")]), "name"),
        (lambda: client.import_server_folder("x", "/"), "AVCE_ALLOWED_FOLDERS"),
        (lambda: client.get_job("nope"), "job 'nope'"),
        (lambda: client.job_log("nope"), "job 'nope'"),
        (lambda: client.cancel_job("nope"), "job 'nope'"),
        (lambda: client.retry_job("nope"), "job 'nope'"),
        (lambda: client.get_dataset("nope"), "data set 'nope'"),
        (lambda: client.dataset_points("nope"), "data set 'nope'"),
        (lambda: client.train("nope"), "data set 'nope'"),
        (lambda: client.get_run("nope"), "run 'nope'"),
        (lambda: client.metric_points("nope"), "run 'nope'"),
        (lambda: client.get_checkpoint("nope"), "checkpoint 'nope'"),
        (lambda: client.get_evaluation("nope"), "evaluation 'nope'"),
        (lambda: client.evaluation_predictions("nope"), "evaluation 'nope'"),
        (lambda: client.get_video("nope"), "video 'nope'"),
        (lambda: client.video_path("nope"), "video 'nope'"),
        (lambda: client.analyze("nope", []), "at least one run"),
        (lambda: client.analyze("nope", ["nope"]), "video 'nope'"),
        (lambda: client.get_analysis("nope"), "analysis 'nope'"),
        (lambda: client.trajectory("nope"), "analysis 'nope'"),
        (lambda: client.trajectory_csv("nope"), "analysis 'nope'"),
        (lambda: client.draw_maps("nope", []), "1 to 256 frames"),
        (lambda: client.draw_maps("nope", [1]), "analysis 'nope'"),
        (lambda: client.draw_maps("nope", [1], MapOptions(which=MapFrames.ALL)), "leave them out"),
        (lambda: client.map_png("nope"), "map 'nope'"),
    ],
)
def test_what_cannot_be_done_is_a_client_error_that_says_why(home, call, message):
    with pytest.raises(client.ClientError, match=message):
        call()


def test_a_refused_request_leaves_no_row(home):
    with pytest.raises(client.ClientError, match="priority"):
        client.import_dataset("x", [upload()], priority=10)
    assert client.list_datasets() == []
    assert client.list_jobs() == []


def test_a_database_without_tables_is_a_client_error(home):
    with writing() as session:
        session.execute(text("DROP TABLE job_log"))
        session.execute(text("DROP TABLE activation_map"))
    with pytest.raises(client.ClientError, match="make run"):
        client.maps("x")
    assert client.health()["database"] == "ok"


def test_server_folders_must_lie_below_an_allowed_one(home, monkeypatch):
    (home / "data" / "faces").mkdir(parents=True)
    monkeypatch.setenv("AVCE_ALLOWED_FOLDERS", json.dumps([str(home / "data")]))
    get_settings.cache_clear()
    assert client.import_server_folder("faces", home / "data" / "faces").state is JobState.QUEUED
    with pytest.raises(client.ClientError, match="not below"):
        client.import_server_folder("faces", home / "data" / ".." / "studio.db")
    with pytest.raises(client.ClientError, match="does not exist"):
        client.import_server_folder("faces", home / "data" / "nope")


def test_jobs_are_listed_newest_first_and_show_their_place_in_the_queue(home):
    low, high, same = (
        client.import_dataset(name, [upload()], priority=priority).id
        for name, priority in (("low", 0), ("high", 5), ("same", 0))
    )
    assert [job.id for job in client.list_jobs()] == [same, high, low]
    assert [client.get_job(job_id).queue_position for job_id in (high, low, same)] == [1, 2, 3]
    lifecycle.claim(high, "w")
    assert client.get_job(high).queue_position is None
    assert client.get_job(low).queue_position == 1
    assert [job.id for job in client.list_jobs(states=[JobState.RUNNING])] == [high]
    assert client.list_jobs(kinds=[JobKind.TRAIN]) == []
    assert [job.id for job in client.list_jobs(limit=1, offset=1)] == [high]


def test_training_waits_for_the_import_and_evaluation_for_the_training(home, sent):
    imported = client.import_dataset("faces", [upload()])
    trained = client.train(imported.dataset_id)
    evaluated = client.evaluate(trained.run_id, imported.dataset_id, EvaluateOptions(split="val"))
    assert (trained.after_job_id, evaluated.after_job_id) == (imported.id, trained.id)
    assert sent == [imported.id]
    evaluation = client.get_evaluation(evaluated.evaluation_id)
    assert (evaluation.split, evaluation.state, evaluation.n) == ("val", JobState.QUEUED, None)
    assert client.list_evaluations(trained.run_id) == client.list_evaluations() == [evaluation]


def test_a_failed_import_cannot_be_trained_on(home):
    job = client.import_dataset("faces", [upload()])
    client.cancel_job(job.id)
    assert client.get_dataset(job.dataset_id).state == "failed"
    with pytest.raises(client.ClientError, match="could not be imported"):
        client.train(job.dataset_id)


def test_a_cancelled_run_cannot_be_evaluated(run, dataset):
    client.cancel_job(run.job_id)
    with pytest.raises(client.ClientError, match="no checkpoint"):
        client.evaluate(run.id, dataset.id)


def test_a_run_says_what_it_is(run, dataset):
    assert (run.name, run.dataset_name, run.method, run.backbone) == ("mine", "faces", "avce", "compact")
    assert (run.state, run.best, run.checkpoint_id) == (JobState.QUEUED, {}, None)
    assert TrainOptions.parse(run.options) == TrainOptions()
    assert client.get_run(client.train(dataset.id).run_id).name == "avce compact on faces"


def test_a_file_that_is_no_video_is_refused_by_its_name(home):
    with pytest.raises(client.ClientError, match=r"clip\.mp4") as refused:
        client.add_video(upload("clip.mp4", b"no video"))
    assert str(home) not in str(refused.value)
    assert client.list_videos() == []


def test_analysis_waits_for_the_runs_and_maps_for_the_analysis(run, video):
    analyzed = client.analyze(video, [run.id, run.id], AnalyzeOptions(flip=True))
    drawn = client.draw_maps(analyzed.analysis_id, [5, 3, 3], MapOptions(), track=1)
    assert (analyzed.after_job_id, drawn.after_job_id) == (run.job_id, analyzed.id)
    assert drawn.options["frames"] == [3, 5]
    analysis = client.get_analysis(analyzed.analysis_id)
    assert (analysis.video.name, analysis.run_ids, analysis.names) == ("clip.mp4", [run.id], ["mine"])
    assert analysis.checkpoint_ids == [""]


@pytest.fixture
def analysis(run, video):
    """An analysis with three frames, the second without a face."""
    analysis_id = client.analyze(video, [run.id]).analysis_id
    face = {"track": 1, "state": "detected", "valence": 0.25, "arousal": -0.5, "confidence": 0.93}
    box = {"x0": 1.0, "y0": 2.0, "x1": 33.25, "y1": 44.0}
    rows = [(0, 0.0, face | box), (1, 40.0, {"state": "no_face"}), (2, 80.0, face | box | {"track": 2})]
    with writing() as session:
        session.add_all(
            TrajectoryPoint(analysis_id=analysis_id, run_id=run.id, frame=frame, pts_ms=pts_ms, **values)
            for frame, pts_ms, values in rows
        )
    return client.get_analysis(analysis_id)


def test_a_trajectory_has_a_row_per_frame_and_face(analysis, run):
    table = client.trajectory(analysis.id)
    assert table["frame"].tolist() == [0, 1, 2]
    assert table["track"].isna().tolist() == [False, True, False]
    assert table["valence"].isna().tolist() == [False, True, False]
    assert set(table["run_id"]) == {run.id}
    assert client.trajectory(analysis.id, run_id=run.id, track=2)["frame"].tolist() == [2]
    assert client.trajectory(analysis.id, max_points=2)["frame"].tolist() == [0, 2]
    with pytest.raises(client.ClientError, match="took no part"):
        client.trajectory(analysis.id, run_id="nope")


def test_an_empty_trajectory_has_the_same_columns_and_types(analysis, run):
    full, empty = client.trajectory(analysis.id), client.trajectory(analysis.id, track=9)
    assert empty.empty
    assert (empty.dtypes == full.dtypes).all()


def test_the_csv_leaves_the_cells_of_frames_without_a_face_empty(analysis, run):
    assert "".join(client.trajectory_csv(analysis.id, run.id)).splitlines() == [
        "frame,pts_ms,track,state,valence,arousal,confidence,x0,y0,x1,y1",
        "0,0.0,1,detected,0.25,-0.5,0.93,1.0,2.0,33.25,44.0",
        "1,40.0,,no_face,,,,,,,",
        "2,80.0,2,detected,0.25,-0.5,0.93,1.0,2.0,33.25,44.0",
    ]


def test_an_analysis_knows_its_checkpoints_once_they_are_there(home, run, video):
    analysis_id = client.analyze(video, [run.id]).analysis_id
    with writing() as session:
        checkpoint = Checkpoint(run_id=run.id, name="best", files={})
        session.add(checkpoint)
        session.flush()
        checkpoint_id = checkpoint.id
    assert client.get_analysis(analysis_id).checkpoint_ids == [checkpoint_id]
    assert client.get_run(run.id).checkpoint_id == checkpoint_id
    assert client.get_checkpoint(checkpoint_id).run_id == run.id


def test_the_demo_is_one_chain_of_jobs(home, sent):
    assert client.last_demo() == []
    jobs = client.start_demo()
    assert [job.id for job in client.last_demo()] == [job.id for job in jobs]
    assert [job.kind for job in jobs] == [
        *(JobKind.SYNTH, JobKind.SYNTH),
        *(JobKind.TRAIN, JobKind.EVALUATE, JobKind.TRAIN, JobKind.EVALUATE, JobKind.ANALYZE),
    ]
    assert sent == [jobs[0].id]
    ids = [job.id for job in jobs]
    assert all(job.after_job_id in ids[:place] for place, job in enumerate(jobs) if place)
    analysis = client.get_analysis(jobs[-1].analysis_id)
    assert analysis.names == ["Demo avce", "Demo supervised"]
    assert client.list_videos() == []  # it is yet to be drawn
    with pytest.raises(client.ClientError, match="not there yet"):
        client.video_path(analysis.video.id)


def test_health_names_what_is_down(home, monkeypatch):
    monkeypatch.setenv("AVCE_REDIS_PORT", "1")
    get_settings.cache_clear()
    health = client.health()
    assert (health["database"], health["files"]) == ("ok", "ok")
    assert "127.0.0.1:1" in health["broker"]
