"""Task bodies, called as functions: one journey from faces to maps, and what goes wrong on the way."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from avce.errors import AvceError, DataError
from avce.options import (
    Axis,
    EvaluateOptions,
    Head,
    MapFrames,
    MapOptions,
    PosterOptions,
    PrepareOptions,
    SynthOptions,
    train_options,
)
from avce.transforms import VIEWS, own
from avce.video.points import TRAJECTORY_COLUMNS
from avce.video.read import read_frames
from avce.video.segments import SeamError
from workers import client, settings
from workers.client.datasets import add_synth, sent
from workers.errors import ClientError
from workers.records import JobRecord
from workers.settings import get_settings
from workers.states import JobKind, JobState
from workers.store import segments, session
from workers.store.files import file_store
from workers.store.jobs import add_job
from workers.store.tables import AnalysisSegment, EvaluationMetric, FaceTrack, Video, Worker, utc_now
from workers.tasks import segments as segment_task
from workers.tasks import sharing
from workers.tasks import video as video_task
from workers.tasks.datasets import draw_dataset, import_dataset
from workers.tasks.evaluation import evaluate_run
from workers.tasks.figures import draw_maps, draw_overlay, draw_poster, inspect_face
from workers.tasks.intake import gather
from workers.tasks.training import flat, train_run
from workers.tasks.video import analyze_segments, analyze_video

TASKS = {
    JobKind.IMPORT: import_dataset,
    JobKind.SYNTH: draw_dataset,
    JobKind.TRAIN: train_run,
    JobKind.EVALUATE: evaluate_run,
    JobKind.ANALYZE: analyze_video,
    JobKind.SEGMENT: analyze_segments,
    JobKind.MAPS: draw_maps,
    JobKind.INSPECT: inspect_face,
    JobKind.POSTER: draw_poster,
    JobKind.OVERLAY: draw_overlay,
}
STILLS = SynthOptions(subjects=6, per_subject=5, size=80, seed=5)
CLIP = SynthOptions(kind="affwild", clips=1, seconds=1.0, fps=8, width=200, height=160, gaps=False, seed=6)
TINY = train_options(preset="smoke", epochs=1, batch_size=8)


def done(job: JobRecord) -> JobRecord:
    """The job, after its task ran."""
    TASKS[job.kind](job.id)
    ended = client.get_job(job.id)
    assert ended.state is JobState.SUCCEEDED, ended.error
    return ended


@dataclass
class Journey:
    """Jobs that went well, in order."""

    stills: JobRecord
    clip: JobRecord
    trained: JobRecord
    evaluated: JobRecord
    analyzed: JobRecord
    drawn: JobRecord


@pytest.fixture(scope="module")
def journey(tmp_path_factory, migrated):
    """Everything once, in a home of its own."""
    home = tmp_path_factory.mktemp("journey")
    shutil.copy(migrated, home / "studio.db")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("AVCE_HOME", str(home))
        monkeypatch.setattr("workers.dispatch.send", lambda *_: None)
        settings.get_settings.cache_clear()
        stills = done(client.synthesize_dataset("stills", STILLS))
        with session.writing() as opened:
            video = Video(name="clip.mp4")
            opened.add(video)
            opened.flush()
            video_id = video.id
        clip = done(sent(add_synth("clips", CLIP, video_id=video_id)[0]))
        trained = done(client.train(stills.dataset_id, TINY))
        evaluated = done(
            client.evaluate(trained.run_id, stills.dataset_id, EvaluateOptions(band_coverage=0.6))
        )
        analyzed = done(client.analyze(video_id, [trained.run_id]))
        maps = MapOptions(heads=tuple(Head), features=True)
        drawn = done(client.draw_maps(analyzed.analysis_id, [0, 4], maps))
        yield Journey(stills, clip, trained, evaluated, analyzed, drawn)
        session.dispose()
    settings.get_settings.cache_clear()


def test_a_drawn_data_set_is_ready_and_counted(journey):
    dataset = client.get_dataset(journey.stills.dataset_id)
    assert (dataset.state, dataset.n_samples, dataset.n_subjects) == ("ready", 30, 6)
    assert dataset.n_train + dataset.n_val + dataset.n_test == 30
    assert dataset.card["fingerprint"] == dataset.fingerprint
    samples = client.dataset_samples(dataset.id, split="test", limit=3)
    assert [sample.split for sample in samples] == ["test"] * 3
    assert samples[0].jpeg.startswith(b"\xff\xd8")
    assert samples == client.dataset_samples(dataset.id, split="test", limit=3)
    points = client.dataset_points(dataset.id)
    assert list(points.columns) == ["valence", "arousal", "split", "subject"]
    assert len(points) == 30


def test_a_data_set_can_be_fetched_again_from_the_file_store(journey):
    dataset = client.get_dataset(journey.stills.dataset_id)
    shutil.rmtree(get_settings().datasets_folder / dataset.fingerprint)
    assert len(client.dataset_points(dataset.id)) == 30


def test_a_drawn_clip_becomes_a_video(journey):
    video = client.get_video(journey.clip.video_id)
    assert (video.width, video.height, video.fps, video.frames) == (200, 160, 8.0, 8)
    assert client.video_path(video.id).stat().st_size > 1000
    assert client.frame_jpeg(video.id, 3, width=100).startswith(b"\xff\xd8")


def test_a_trained_run_has_its_best_epoch_curves_and_checkpoint(journey):
    run = client.get_run(journey.trained.run_id)
    assert (run.state, run.best_epoch) == (JobState.SUCCEEDED, 1)
    assert {"ccc_valence", "ccc_arousal", "rmse_valence"} <= set(run.best)
    assert client.get_checkpoint(run.checkpoint_id).run_id == run.id
    assert "train/loss" in set(client.metric_points(run.id)["name"])


def test_finished_work_leaves_no_scratch_behind(journey):
    work = get_settings().work_folder
    assert not work.exists() or list(work.iterdir()) == []


def test_an_evaluation_is_kept_whole_as_rows_and_as_predictions(journey):
    evaluation = client.get_evaluation(journey.evaluated.evaluation_id)
    assert evaluation.n == evaluation.metrics["n"] == client.get_dataset(journey.stills.dataset_id).n_test
    assert evaluation.checkpoint_id == client.get_run(journey.trained.run_id).checkpoint_id
    predictions = client.evaluation_predictions(evaluation.id)
    assert len(predictions) == evaluation.n
    assert {"valence", "arousal", "pred_valence", "pred_arousal"} <= set(predictions.columns)
    with session.reading() as opened:
        row = opened.get(EvaluationMetric, (evaluation.id, "valence", "rmse"))
        assert row.value == pytest.approx(evaluation.metrics["valence"]["rmse"])


def test_an_analysis_has_a_row_for_every_frame(journey):
    analysis = client.get_analysis(journey.analyzed.analysis_id)
    table = client.trajectory(analysis.id)
    assert table["frame"].unique().tolist() == list(range(8))
    assert analysis.summary["frames"] == 8
    assert table.loc[table["state"] != "no_face", "valence"].notna().all()
    with session.reading() as opened:
        track = opened.get(FaceTrack, (analysis.id, 1))
        assert track.n_points == (table["track"] == 1).sum()


def test_the_band_of_an_evaluation_goes_with_every_value(journey):
    width = client.get_evaluation(journey.evaluated.evaluation_id).metrics["band"]
    table = client.trajectory(journey.analyzed.analysis_id)
    summary = client.get_analysis(journey.analyzed.analysis_id).summary
    assert summary["bands"] == {journey.trained.run_id: width}
    high = np.minimum(table["arousal"] + width["arousal"], 1)
    np.testing.assert_allclose(table["arousal_high"], high, atol=2e-6)
    heads = next(csv.reader(client.trajectory_csv(journey.analyzed.analysis_id)))
    assert heads == list(TRAJECTORY_COLUMNS)


def test_an_interrupted_analysis_repeats_only_its_segment_and_ends_like_an_uncut_one(journey, monkeypatch):
    monkeypatch.setattr(video_task, "get_settings", lambda: SimpleNamespace(segment_s=0.3))
    finish, analyze, read = segments.finish_segment, segment_task.analyze_segment, []

    def interrupt(opened, analysis_id, number, summary):
        if number == 1:
            raise KeyboardInterrupt
        finish(opened, analysis_id, number, summary)

    def watched(path, predictors, options, segment, *args, **kwargs):
        read.append(segment.number)
        return analyze(path, predictors, options, segment, *args, **kwargs)

    monkeypatch.setattr(segment_task, "analyze_segment", watched)
    job = client.analyze(journey.clip.video_id, [journey.trained.run_id])
    monkeypatch.setattr(segments, "finish_segment", interrupt)
    with pytest.raises(KeyboardInterrupt):
        analyze_video(job.id)
    assert client.get_job(job.id).state is JobState.QUEUED
    assert len(client.trajectory(job.analysis_id)) > 0, "what is done is there to be seen"
    monkeypatch.setattr(segments, "finish_segment", finish)
    done(client.get_job(job.id))
    assert read == [0, 1, 1, 2]
    assert_as_uncut(journey, job.analysis_id)


def assert_as_uncut(journey, analysis_id):
    expected, found = (client.trajectory(a) for a in (journey.analyzed.analysis_id, analysis_id))
    pd.testing.assert_frame_equal(found, expected, atol=1e-4)
    wanted = client.get_analysis(journey.analyzed.analysis_id).summary
    summary = client.get_analysis(analysis_id).summary
    assert {summary[name] == wanted[name] for name in ("headline", "frames", "points", "states")} == {True}
    assert summary["tracks"][0]["mean"][0] == pytest.approx(wanted["tracks"][0]["mean"][0], abs=1e-4)


@pytest.mark.parametrize("dies_at", [None, 0, 1])
def test_segments_that_another_worker_takes_are_joined_and_those_it_leaves_are_done(
    journey, monkeypatch, dies_at
):
    monkeypatch.setattr(video_task, "get_settings", lambda: SimpleNamespace(segment_s=0.3))
    finish, done_by = segments.finish_alone, []

    def watched(opened, analysis_id, number, summary, warm):
        row = opened.get(AnalysisSegment, (analysis_id, number))
        done_by.append((number, row.taken_by))
        if number == dies_at and row.taken_by != job.id:
            raise KeyboardInterrupt
        finish(opened, analysis_id, number, summary, warm)

    def help_at_once(job_ids):
        (helper,) = job_ids
        if dies_at is None:
            analyze_segments(helper)
        else:
            with pytest.raises(KeyboardInterrupt):
                analyze_segments(helper)

    monkeypatch.setattr(segments, "finish_alone", watched)
    monkeypatch.setattr(video_task, "dispatch", help_at_once)
    with session.writing() as opened:
        opened.merge(Worker(name="another", queues=["video"], pid=1, seen_at=utc_now()))
    job = client.analyze(journey.clip.video_id, [journey.trained.run_id])
    try:
        done(job)
    finally:
        with session.writing() as opened:
            opened.delete(opened.get(Worker, "another"))
    mine = [number for number, taker in done_by if taker == job.id]
    assert mine == ([] if dies_at is None else list(range(dies_at, 3)))
    assert_as_uncut(journey, job.analysis_id)


def test_a_seam_at_which_workers_saw_different_faces_is_done_again(journey, monkeypatch):
    monkeypatch.setattr(video_task, "get_settings", lambda: SimpleNamespace(segment_s=0.3))
    find, seams = sharing.find_ids, []

    def disagree(before, warm, **kwargs):
        seams.append(len(list(warm)))
        if len(seams) == 1:
            raise SeamError("expected the same faces from both segments")
        return find(before, warm, **kwargs)

    monkeypatch.setattr(sharing, "find_ids", disagree)
    monkeypatch.setattr(video_task, "dispatch", lambda _: None)
    with session.writing() as opened:
        opened.merge(Worker(name="another", queues=["video"], pid=1, seen_at=utc_now()))
    job = client.analyze(journey.clip.video_id, [journey.trained.run_id])
    try:
        done(job)
    finally:
        with session.writing() as opened:
            opened.delete(opened.get(Worker, "another"))
    assert len(seams) == 2, "the first of two seams is left to the repeated segment"
    assert any("segment 2 again" in line.text for line in client.job_log(job.id))
    assert_as_uncut(journey, job.analysis_id)


def test_help_that_comes_late_finds_nothing_to_do(journey):
    with session.writing() as opened:
        helper = add_job(
            opened, JobKind.SEGMENT, "help", options={"main": journey.analyzed.id},
            analysis_id=journey.analyzed.analysis_id,
        ).id  # fmt: skip
    before = client.trajectory(journey.analyzed.analysis_id)
    done(client.get_job(helper))
    assert client.trajectory(journey.analyzed.analysis_id).equals(before)


def test_maps_are_pictures_and_arrays_with_scores(journey):
    drawn = client.maps(journey.analyzed.analysis_id)
    assert {(row.frame, row.axis, row.head) for row in drawn} == {
        (frame, axis.value, head.value) for frame in (0, 4) for axis in Axis for head in Head
    } | {(frame, "features", "encoder") for frame in (0, 4)}
    for row in drawn:
        assert client.map_png(row.id).startswith(b"\x89PNG")
        values = np.load(io.BytesIO(file_store().read(row.array_file)))
        assert values.min() >= 0
        assert values.max() <= 1
        expected = {"gini"} if row.axis == "features" else {"gini", "deletion", "insertion", "random"}
        assert expected <= set(row.scores)


def test_drawing_maps_again_replaces_them(journey):
    before = client.maps(journey.analyzed.analysis_id)
    options = MapOptions(scores=False)
    done(client.draw_maps(journey.analyzed.analysis_id, [0], options))
    after = client.maps(journey.analyzed.analysis_id)
    assert len(after) == len(before)
    assert sum(row.scores == {} for row in after) == 2


def test_the_job_finds_the_frames_that_its_options_ask_for(journey):
    options = MapOptions(which=MapFrames.EVERY, every=3, scores=False)
    expected = client.frames_of_maps(journey.analyzed.analysis_id, options)
    done(client.draw_maps(journey.analyzed.analysis_id, options=options))
    assert len(expected) > 1
    assert set(expected) <= {row.frame for row in client.maps(journey.analyzed.analysis_id)}


def test_an_annotated_video_has_every_frame_at_its_own_time(journey):
    job = client.draw_overlay(journey.analyzed.analysis_id)
    with pytest.raises(ClientError, match="no annotated video; wait"):
        client.overlay_path(job.id)
    done(job)
    assert [one.id for one in client.list_overlays(journey.analyzed.analysis_id)] == [job.id]
    drawn = list(read_frames(client.overlay_path(job.id)))
    original = list(read_frames(client.video_path(journey.analyzed.video_id)))
    assert [one.pts_ms for one in drawn] == pytest.approx([one.pts_ms for one in original], abs=1)
    assert client.get_job(job.id).progress == 1


def test_a_drawn_clip_brings_the_labels_it_was_drawn_from(journey):
    video = client.get_video(journey.analyzed.video_id)
    labels = client.video_labels(video.id)
    assert list(labels.columns) == ["frame", "valence", "arousal"]
    assert len(labels) == video.frames


def test_a_poster_figure_is_drawn_with_its_data(journey):
    analysis_id = journey.analyzed.analysis_id
    done(client.draw_poster(analysis_id, PosterOptions(count=2)))
    poster = client.list_posters(analysis_id)[0]
    assert set(poster.files) == {"svg", "pdf", "png", "zip"}
    assert client.poster_path(poster.id, "png").read_bytes().startswith(b"\x89PNG")
    with zipfile.ZipFile(client.poster_path(poster.id, "zip")) as packed:
        curves = pd.read_csv(packed.open("curves.csv"))
    rows = client.trajectory(analysis_id)
    mine = curves[curves["model"] != "label"]
    assert mine["valence"].tolist() == pytest.approx(rows["valence"].tolist(), nan_ok=True)
    assert "label" in set(curves["model"])  # the drawn clip has labels
    assert len(poster.facts["frames"]) == 2


def test_key_frames_of_a_poster_may_be_chosen_by_hand(journey):
    analysis_id = journey.analyzed.analysis_id
    done(client.draw_poster(analysis_id, PosterOptions(frames=(3, 1), map="features")))
    frames = client.list_posters(analysis_id)[0].facts["frames"]
    assert [(key["frame"], key["reason"]) for key in frames] == [(1, "chosen by hand"), (3, "chosen by hand")]


def test_a_poster_of_a_frame_without_the_face_fails_by_its_number(journey):
    job = client.draw_poster(journey.analyzed.analysis_id, PosterOptions(frames=(999,)))
    with pytest.raises(AvceError):
        draw_poster(job.id)
    assert "got 999" in client.get_job(job.id).error
    assert client.list_posters(journey.analyzed.analysis_id)[0].files == {}


def test_a_poster_takes_one_to_four_runs_of_its_own_analysis(journey):
    analysis_id = journey.analyzed.analysis_id
    for runs, words in (([], "1 to 4"), (["a", "b", "c", "d", "e"], "1 to 4"), (["other"], "took no part")):
        with pytest.raises(ClientError, match=words):
            client.draw_poster(analysis_id, run_ids=runs)


def test_labels_can_be_replaced_and_forgotten_and_bad_ones_are_refused(journey):
    video_id = journey.analyzed.video_id
    before = client.get_video(video_id).labels
    bad = file_store().put(io.BytesIO(b"valence,arousal\n7,0\n"), "bad.csv")
    with pytest.raises(AvceError, match=r"bad.csv: line 2"):
        client.set_labels(video_id, bad)
    assert client.get_video(video_id).labels == before
    client.set_labels(video_id, file_store().put(io.BytesIO(b"0.5,0.25\n"), "good.txt"))
    assert client.video_labels(video_id).to_numpy().tolist() == [[0, 0.5, 0.25]]
    client.clear_labels(video_id)
    assert client.video_labels(video_id) is None


def test_maps_need_a_face(journey):
    job = client.draw_maps(journey.analyzed.analysis_id, [0], track=77)
    with pytest.raises(DataError):
        draw_maps(job.id)
    assert "no face in frames 0 of face 77" in client.get_job(job.id).error


def failed(job: JobRecord) -> str:
    """Error of a job whose task raised; nothing half-imported may remain."""
    with pytest.raises(AvceError):
        TASKS[job.kind](job.id)
    ended = client.get_job(job.id)
    assert ended.state is JobState.FAILED
    assert str(get_settings().home) not in ended.error
    assert list(get_settings().work_folder.iterdir()) == []
    assert not get_settings().datasets_folder.exists()
    return str(ended.error)


def upload(name, content=b"", members=None):
    if members is not None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for member, text in members.items():
                archive.writestr(member, text)
        content = packed.getvalue()
    return client.store_upload(io.BytesIO(content), name)


def test_a_broken_zip_fails_by_its_name(home):
    assert "faces.zip" in failed(client.import_dataset("x", [upload("faces.zip", b"PK\x03\x04 no zip")]))


def test_a_broken_zip_beside_a_csv_fails_by_its_name(home):
    files = [upload("labels.csv", b"image,valence,arousal\n"), upload("faces.zip", b"no zip")]
    assert "faces.zip: expected a zip archive" in failed(client.import_dataset("x", files))


def test_two_uploads_of_one_name_are_refused(home):
    files = [upload("labels.csv", b"a"), upload("labels.csv", b"b")]
    assert "labels.csv: two uploads" in failed(client.import_dataset("x", files))


def test_a_label_out_of_range_fails_by_file_and_row(home):
    members = {
        "labels.csv": "image,valence,arousal\na.png,0.1,0.2\nb.png,7.5,0.1\n",
        "a.png": "",
        "b.png": "",
    }
    options = PrepareOptions(label_scale="-1..1")
    error = failed(client.import_dataset("x", [upload("faces.zip", members=members)], options))
    assert "labels.csv" in error
    assert "row" in error


def test_a_csv_and_an_archive_of_pictures_are_laid_out_together(home):
    source = {
        "files": [
            upload("labels.csv", b"image\n").model_dump(),
            upload("pictures.zip", members={"a/1.png": "1", "2.png": "2"}).model_dump(),
        ]
    }
    folder = gather(source, home / "uploads")
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert found == ["2.png", "a/1.png", "labels.csv"]


def test_an_archive_whose_members_lead_out_of_it_is_refused(home):
    files = [
        upload("labels.csv", b"image\n").model_dump(),
        upload("pictures.zip", members={"../2.png": "2"}).model_dump(),
    ]
    with pytest.raises(DataError, match=r"pictures\.zip: unsafe member name"):
        gather({"files": files}, home / "uploads")
    assert not (home / "2.png").exists()


def test_figures_of_both_axes_become_one_flat_table():
    nested = {"valence": {"ccc": 0.5, "pcc": None}, "arousal": {"ccc": np.float64(0.25)}, "mean_ccc": 0.375}
    assert flat(nested) == {"ccc_valence": 0.5, "ccc_arousal": 0.25, "mean_ccc": 0.375}


def test_a_training_starts_from_the_weights_of_another_run(journey):
    start = client.start_from(journey.trained.run_id)
    options = TINY.model_copy(update={"pretrained": start})
    job = done(client.train(journey.stills.dataset_id, options))
    assert any(line.text.startswith("starts from") for line in client.job_log(job.id))
    assert client.get_run(job.run_id).options["pretrained"] == start
    assert journey.trained.run_id in {run.id for run in client.start_runs(TINY.backbone)}


def test_a_run_with_another_encoder_is_no_start(journey):
    options = train_options(preset="quick", pretrained=client.start_from(journey.trained.run_id))
    with pytest.raises(client.ClientError, match="has backbone tiny, this training compact"):
        client.train(journey.stills.dataset_id, options)


OWN_VIEW = """
import cvxpy as cp

from avce.transforms import register_cvxpy_view


def capped(n):
    z, p = cp.Parameter(n), cp.Variable(n)
    return cp.Problem(cp.Maximize(z @ p - cp.sum_squares(p) / 2), [p >= 0, cp.sum(p) == 1, p <= 0.4]), z, p


register_cvxpy_view("operators", capped)
"""


def forget_own_views():
    VIEWS.pop("operators", None)
    own._loaded.clear()


def test_a_run_and_its_maps_may_use_a_view_of_the_operators_own(journey, tmp_path, monkeypatch):
    (tmp_path / "views.py").write_text(OWN_VIEW)
    asked = SimpleNamespace(view_files=(tmp_path / "views.py",))
    monkeypatch.setattr("workers.own_views.get_settings", lambda: asked)
    options = train_options(
        preset="smoke", epochs=1, batch_size=8, feature_dim=4, avce={"attentive_view": "operators"}
    )
    try:
        job = done(client.train(journey.stills.dataset_id, options))
        analyzed = done(client.analyze(journey.clip.video_id, [str(job.run_id)]))
        forget_own_views()  # as another worker, which has not trained it
        done(client.draw_maps(str(analyzed.analysis_id), [0], MapOptions(heads=(Head.H,), scores=False)))
        forget_own_views()
        done(client.inspect(str(job.run_id), dataset_id=journey.stills.dataset_id, row=0))
    finally:
        forget_own_views()


def test_a_view_that_no_file_registers_fails_the_run_with_what_to_do(journey):
    options = train_options(preset="smoke", avce={"attentive_view": "mine"})
    job = client.train(journey.stills.dataset_id, options)
    with pytest.raises(AvceError, match=r"got 'mine'.*AVCE_VIEW_FILES"):
        train_run(job.id)
