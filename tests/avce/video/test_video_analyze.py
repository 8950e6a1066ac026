"""Whole analyses: a row for every decoded frame, values only where a face is, several judges in one pass."""

# ruff: noqa: PD011 - the values of a point are no pandas values
from __future__ import annotations

import csv
import json
import math
import zipfile
from collections import Counter

import cv2
import numpy as np
import pandas as pd
import pytest
from video_clips import grey, noise, write_clip, write_sound

from avce.errors import CancelledError, OptionError, VideoError
from avce.faces.boxes import iou
from avce.faces.detect import Face, default_detector
from avce.options import AnalyzeOptions
from avce.progress import Reporter
from avce.video.analyze import (
    TRAJECTORY_COLUMNS,
    FrameState,
    analyze_video,
    write_csv,
    write_json,
    write_parquet,
)
from avce.video.read import read_frames


class Brightness:
    """Stands in for a model: valence is the mean of the face, arousal its side in thousands."""

    def __init__(self, margin=0.2, size=48):
        self.info = {"crop": {"margin": margin, "size": size}}
        self.batches = []

    def predict(self, crops_rgb_u8, *, flip=False):
        self.batches.append(crops_rgb_u8.shape)
        means = crops_rgb_u8.mean(axis=(1, 2, 3)) / 255
        side = np.full(len(crops_rgb_u8), crops_rgb_u8.shape[1] / 1000)
        return np.stack([means + (0.5 if flip else 0), side], axis=1).astype(np.float32)


class MiddleFace:
    """Finds one face in the middle of bright pictures, none in dark ones."""

    def detect(self, frame_rgb_u8):
        height, width = frame_rgb_u8.shape[:2]
        if frame_rgb_u8.mean() < 40:
            return []
        return [Face((width / 4, height / 4, 3 * width / 4, 3 * height / 4), 0.95)]


def analyze(clip, predictors, detector=None, reporter=None, **options):
    points, batches = [], []

    def sink(batch):
        points.extend(batch)
        batches.append(len(batch))

    summary = analyze_video(
        clip, predictors, AnalyzeOptions(**options), reporter or Reporter(), sink, detector=detector
    )
    return points, summary, batches


@pytest.fixture
def gap_clip(tmp_path):
    """Textured pictures with a dark stretch in frames 10 to 17."""
    texture = cv2.GaussianBlur(noise(1, 160, 120)[0], (9, 9), 0)
    pictures = [texture // 8 if 10 <= number < 18 else texture for number in range(30)]
    return write_clip(tmp_path / "gap.mp4", pictures)


def test_every_decoded_frame_has_its_row_and_the_gap_has_no_values(gap_clip):
    points, summary, _ = analyze(gap_clip, [Brightness()], MiddleFace())
    assert list(dict.fromkeys(point.frame for point in points)) == list(range(30))
    for point in points:
        has_values = point.values[0] is not None
        assert has_values == (point.state in {FrameState.DETECTED, FrameState.TRACKED})
        assert has_values == (point.box is not None)
    dark = [point for point in points if 10 <= point.frame < 18]
    assert {point.state for point in dark} <= {FrameState.NO_FACE, FrameState.CUT}
    assert summary.frames == 30
    assert sum(summary.states.values()) == summary.points == len(points)


def test_a_video_without_any_face_ends_clearly(tmp_path):
    clip = write_clip(tmp_path / "noise.mp4", noise(12))
    judge = Brightness()
    points, summary, _ = analyze(clip, [judge])
    assert {(point.state.value, point.track, point.values) for point in points} == {
        ("no_face", None, (None,))
    }
    assert len(points) == 12
    assert not summary.has_faces
    assert summary.headline == "no face was found in any of 12 frames"
    assert judge.batches == []


def test_several_judges_share_one_pass_and_each_gets_its_own_crops(gap_clip):
    first, second, third = Brightness(0.2, 48), Brightness(0.0, 32), Brightness(0.2, 48)
    points, summary, _ = analyze(gap_clip, [first, second, third], MiddleFace(), batch_size=8)
    judged = [point for point in points if point.values[0]]
    assert all(point.values[0] == point.values[2] for point in judged)
    assert all(point.values[1][1] == pytest.approx(0.032) for point in judged)
    assert {shape[1] for shape in second.batches} == {32}
    assert max(shape[0] for shape in first.batches) == 8
    assert all(len(track.mean) == 3 for track in summary.tracks.values())
    alone, _, _ = analyze(gap_clip, [second], MiddleFace(), batch_size=64)
    assert [p.values[0] for p in alone] == [p.values[1] for p in points], "batches do not change values"


def test_the_mean_of_a_track_is_the_mean_of_its_rows(gap_clip):
    points, summary, _ = analyze(gap_clip, [Brightness()], MiddleFace(), batch_size=4)
    for track in summary.tracks.values():
        own = [p.values[0][0] for p in points if p.track == track.track and p.values[0]]
        assert track.mean[0][0] == pytest.approx(np.mean(own), abs=1e-6)
        assert track.judged == len(own)


def test_rows_come_in_batches_while_the_work_goes_on_also_without_faces(tmp_path):
    clip = write_clip(tmp_path / "dark.mp4", [grey(5)] * 600)
    points, _, batches = analyze(clip, [Brightness()], MiddleFace())
    assert len(points) == 600
    assert max(batches) <= 256


def test_one_frame_in_n_is_judged_and_all_stay(gap_clip):
    points, _, _ = analyze(gap_clip, [Brightness()], MiddleFace(), every_nth_frame=3)
    assert {p.frame for p in points if p.values[0]} == {
        n for n in range(30) if n % 3 == 0 and not 10 <= n < 18
    }
    assert {p.frame for p in points} == set(range(30))


def test_a_target_rate_is_met_and_all_frames_stay(gap_clip):
    points, _, _ = analyze(gap_clip, [Brightness()], MiddleFace(), target_fps=5.0)
    assert {p.frame for p in points if p.values[0]} == {0, 5, 20, 25}
    assert {p.frame for p in points} == set(range(30))


def test_a_range_is_analysed_under_the_true_frame_numbers(gap_clip):
    points, _, _ = analyze(gap_clip, [Brightness()], MiddleFace(), start_s=0.8, stop_s=1.0)
    assert [p.frame for p in points] == [20, 21, 22, 23, 24]
    with pytest.raises(VideoError, match="found none"):
        analyze(gap_clip, [], MiddleFace(), start_s=60.0)


def test_the_mirrored_face_is_asked_for_when_wanted(gap_clip):
    plain, _, _ = analyze(gap_clip, [Brightness()], MiddleFace())
    flipped, _, _ = analyze(gap_clip, [Brightness()], MiddleFace(), flip=True)
    assert flipped[0].values[0][0] == pytest.approx(plain[0].values[0][0] + 0.5, abs=1e-6)


def test_a_predictor_that_answers_nan_gives_an_empty_cell(gap_clip):
    judge = Brightness()
    judge.predict = lambda crops, *, flip=False: np.full((len(crops), 2), np.nan, np.float32)
    points, _, _ = analyze(gap_clip, [judge], MiddleFace())
    assert all(point.values == (None,) for point in points)


def test_a_checkpoint_without_a_recipe_is_refused(gap_clip):
    judge = Brightness()
    judge.info = {"crop": {"margin": 0.2}}
    with pytest.raises(OptionError, match="how faces are cut"):
        analyze(gap_clip, [judge], MiddleFace())


def test_the_reporter_hears_of_every_frame_and_can_stop_the_work(gap_clip):
    class Stopper(Reporter):
        def __init__(self):
            self.heard = []

        def progress(self, done, total, message=""):
            self.heard.append((done, total))
            if done == 7:
                raise CancelledError("stop")

    reporter = Stopper()
    with pytest.raises(CancelledError):
        analyze(gap_clip, [], MiddleFace(), reporter=reporter)
    assert reporter.heard == [(n, 30) for n in range(1, 8)]


def test_sound_only_is_refused(tmp_path):
    with pytest.raises(VideoError, match="sound only"):
        analyze(write_sound(tmp_path / "song.mp4"), [])


def test_csv_parquet_and_json_hold_the_same_rows(gap_clip, tmp_path):
    points, _, _ = analyze(gap_clip, [Brightness()], MiddleFace())
    write_csv(points, tmp_path / "t.csv")
    write_parquet(points, tmp_path / "t.parquet")
    write_json(points, tmp_path / "t.json")
    with (tmp_path / "t.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == TRAJECTORY_COLUMNS == (
        "frame", "pts_ms", "track", "state", "valence", "arousal", "confidence", "x0", "y0", "x1", "y1",
    )  # fmt: skip
    assert len(rows) == len(points)
    empty = next(row for row in rows if row["state"] == "no_face")
    assert [empty[name] for name in TRAJECTORY_COLUMNS if name not in {"frame", "pts_ms", "state"}] == [
        ""
    ] * 8
    table = pd.read_parquet(tmp_path / "t.parquet")
    parsed = json.loads((tmp_path / "t.json").read_text())
    assert list(table.columns) == list(TRAJECTORY_COLUMNS)
    for row, (_, stored), entry in zip(rows, table.iterrows(), parsed, strict=True):
        for name in TRAJECTORY_COLUMNS[4:]:
            cell = row[name]
            assert (entry[name] is None) == (cell == "")
            assert math.isnan(stored[name]) if cell == "" else float(cell) == stored[name] == entry[name]


# ---- sample clips ----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sample_clips(shared_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    with zipfile.ZipFile(shared_data / "renderav-affwild.zip") as archive:
        archive.extractall(folder)
    return folder


@pytest.mark.shared_data
def test_the_stretch_without_a_face_is_found_and_holds_no_values(sample_clips):
    points, _, _ = analyze(sample_clips / "videos/train/004.mp4", [Brightness()])
    assert [p.frame for p in points] == list(range(120))
    empty = {p.frame for p in points if p.state is FrameState.NO_FACE}
    assert empty >= set(range(60, 75))
    assert empty <= set(range(57, 78))
    assert all(p.values == (None,) and p.track is None and p.box is None for p in points if p.frame in empty)
    assert {p.track for p in points} == {1, None}, "the id outlives the gap"


@pytest.mark.shared_data
def test_two_faces_are_two_tracks_with_the_same_ids_throughout(sample_clips):
    points, summary, _ = analyze(sample_clips / "videos/train/007.mp4", [Brightness()])
    assert Counter(p.track for p in points) == {1: 120, 2: 120}
    assert sorted(summary.tracks) == [1, 2]
    left = {p.track for p in points if p.box and p.box[0] < 120}
    assert len(left) == 1, "the left face has one id"


@pytest.mark.shared_data
def test_a_background_that_fools_the_detector_founds_no_track(sample_clips):
    points, _, _ = analyze(sample_clips / "videos/train/005.mp4", [])
    assert {p.track for p in points} == {1}


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["001", "004", "008"])
def test_followed_boxes_agree_with_detection_on_every_frame(sample_clips, name):
    clip = sample_clips / f"videos/train/{name}.mp4"
    points, _, _ = analyze(clip, [])
    detector, overlaps = default_detector(), []
    for frame in read_frames(clip):
        found = [face.box_xyxy_px for face in detector.detect(frame.rgb_u8) if face.score >= 0.6]
        for point in points:
            if point.frame == frame.index and point.state is FrameState.TRACKED and found:
                overlaps += [max(iou(point.box, box) for box in found)]
    assert len(overlaps) > 60
    assert np.mean(overlaps) >= 0.85
