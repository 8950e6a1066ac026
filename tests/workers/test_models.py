"""The starter model in a studio that has no run: analysed with, mapped, inspected, and in no list of own work."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import cv2
import pytest

from avce.data.synthetic import render_still
from avce.options import AnalyzeOptions, EvaluateOptions, Head, MapOptions, SynthOptions
from avce.training.folder import MODEL_FILE
from avce.training.runtime import onnx_forward
from avce.weights import checksums
from workers import client, settings
from workers.client.datasets import add_synth, sent
from workers.records import JobRecord
from workers.states import JobState
from workers.store import session, shipped
from workers.store.tables import Run, Video
from workers.tasks.datasets import draw_dataset
from workers.tasks.evaluation import evaluate_run
from workers.tasks.figures import draw_maps, inspect_face
from workers.tasks.video import analyze_video

CLIP = SynthOptions(kind="affwild", clips=1, seconds=0.5, fps=8, width=200, height=160, gaps=False, seed=6)


def done(task, job: JobRecord) -> JobRecord:
    task(job.id)
    ended = client.get_job(job.id)
    assert ended.state is JobState.SUCCEEDED, ended.error
    return ended


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[JobRecord]:
    """A studio in which nothing was ever trained; gives the job of a video's analysis by the starter model."""
    home = tmp_path_factory.mktemp("fresh")
    shutil.copy(migrated, home / "studio.db")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("AVCE_HOME", str(home))
        monkeypatch.setattr("workers.dispatch.send", lambda *_: None)
        settings.get_settings.cache_clear()
        with session.writing() as opened:
            video = Video(name="clip.mp4")
            opened.add(video)
            opened.flush()
            video_id = video.id
        done(draw_dataset, sent(add_synth("clips", CLIP, video_id=video_id)[0]))
        assert client.list_runs() == []
        yield done(analyze_video, client.analyze(video_id, ["starter"], AnalyzeOptions(detect_every=1)))
        session.dispose()
    settings.get_settings.cache_clear()


def test_the_starter_model_is_offered_before_it_was_ever_used(home: Path) -> None:
    [model] = client.list_models()
    assert (model.name, model.shipped, model.method, model.state) == (
        "starter",
        "starter",
        "avce",
        "succeeded",
    )
    assert model == client.get_run("starter") == client.get_run(model.id)
    assert model.id.endswith(checksums("starter")[MODEL_FILE][:8])


def test_a_fresh_studio_analyses_a_video_with_it(fresh: JobRecord) -> None:
    [model] = client.list_models()
    analysis = client.get_analysis(str(fresh.analysis_id))
    assert (analysis.run_ids, analysis.names, analysis.checkpoint_ids) == (
        [model.id],
        ["starter"],
        [model.id],
    )
    points = client.trajectory(analysis.id)
    assert len(points) == 4
    assert points["valence"].between(-1, 1).all()


def test_it_is_in_no_list_of_own_runs_and_data(fresh: JobRecord) -> None:
    assert client.list_runs() == []
    assert [dataset.name for dataset in client.list_datasets()] == ["clips"]
    counts = client.counts()
    assert (counts["runs"], counts["datasets"], counts["analyses"]) == (0, 1, 1)


def test_its_rows_are_written_once(fresh: JobRecord) -> None:
    for _ in range(2):
        with session.writing() as opened:
            shipped.use_run(opened, "starter")
    with session.reading() as opened:
        assert opened.query(Run).count() == 1


def test_maps_are_drawn_for_both_of_its_heads(fresh: JobRecord) -> None:
    done(
        draw_maps,
        client.draw_maps(str(fresh.analysis_id), [1], MapOptions(heads=(Head.R, Head.H), scores=False)),
    )
    assert {(item.axis, item.head, item.name) for item in client.maps(str(fresh.analysis_id))} == {
        (axis, head, "starter") for axis in ("valence", "arousal") for head in ("R", "H")
    }


def test_a_face_is_looked_into_with_it(fresh: JobRecord) -> None:
    face, _, _ = render_still(1, 0, 0)
    content = cv2.imencode(".png", cv2.cvtColor(face, cv2.COLOR_RGB2BGR))[1].tobytes()
    job = done(
        inspect_face, client.inspect("starter", file=client.store_upload(io.BytesIO(content), "me.png"))
    )
    found = client.get_inspection(str(job.options["inspection_id"]))
    assert (found.run_name, found.result["dim"]) == ("starter", 32)


def test_it_is_measured_like_a_run(fresh: JobRecord) -> None:
    [dataset] = client.list_datasets()
    options = EvaluateOptions(split="train", bootstrap=0)
    job = done(evaluate_run, client.evaluate("starter", dataset.id, options))
    evaluation = client.get_evaluation(str(job.evaluation_id))
    assert evaluation.run_name == "starter"
    assert evaluation.n == dataset.n_train > 0


def test_weights_of_an_earlier_version_stay_what_an_analysis_points_to(
    fresh: JobRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = client.list_models()[0].id
    monkeypatch.setattr(shipped, "checksums", lambda _: {MODEL_FILE: "f" * 64})
    current, earlier = client.list_models()
    assert (current.id, earlier.id) == ("starter-ffffffff", before)
    assert client.get_analysis(str(fresh.analysis_id)).run_ids == [before]


def test_damaged_weights_are_told_by_health_and_refused_by_name(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avce.weights.ROOT", home)
    assert client.list_models() == []
    assert "restore it with" in client.health()["starter model"]
    with pytest.raises(client.ClientError, match="restore it with"):
        client.inspect("starter", file=client.store_upload(io.BytesIO(b"x"), "me.png"))


def test_its_card_can_be_read(home: Path) -> None:
    assert "must not be used" in client.model_card("starter")


def test_onnx_runtime_gives_a_job_the_same_values(fresh: JobRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    exported = Mock(side_effect=onnx_forward)
    monkeypatch.setattr("avce.training.runtime.onnx_forward", exported)
    by_torch = client.get_analysis(str(fresh.analysis_id))
    options = AnalyzeOptions(detect_every=1, runtime="onnx")
    job = done(analyze_video, client.analyze(by_torch.video.id, ["starter"], options))
    exported.assert_called_once()
    expected, got = client.trajectory(by_torch.id), client.trajectory(str(job.analysis_id))
    for axis in ("valence", "arousal"):
        assert got[axis].to_numpy() == pytest.approx(expected[axis].to_numpy(), abs=1e-4)
