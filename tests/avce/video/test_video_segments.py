"""A video cut into segments and joined again gives the rows of the uncut one, ids included."""

from __future__ import annotations

import zipfile
from itertools import pairwise

import cv2
import numpy as np
import pytest
from video_clips import noise, write_clip

from avce.data.synthetic import synthesize
from avce.errors import OptionError
from avce.faces.detect import Face
from avce.options import AnalyzeOptions, SynthOptions
from avce.progress import Reporter
from avce.video.analyze import analyze_alone, analyze_segment, analyze_video
from avce.video.points import Point, Summary
from avce.video.read import VideoInfo, probe
from avce.video.segments import Ids, Part, SeamError, Segment, find_ids, join, overlap_for, plan_segments
from avce.video.states import FrameState


class Judge:
    """Stands in for a model: brightness and contrast of the face."""

    info = {"crop": {"margin": 0.2, "size": 48}}  # noqa: RUF012

    def predict(self, crops_rgb_u8, *, flip=False):
        mean, spread = crops_rgb_u8.mean(axis=(1, 2, 3)), crops_rgb_u8.std(axis=(1, 2, 3))
        return (np.stack([mean, spread], axis=1) / 255).astype(np.float32)


class JudgeInTime(Judge):
    """Stands in for a model that looks back: the mean of a face's last three brightnesses."""

    look_back = 2

    def predict_frames(self, crops_rgb_u8, sequence, history, *, flip=False):
        values = []
        for face, (mean, spread) in zip(sequence, self.predict(crops_rgb_u8), strict=True):
            last = history[face] = [*history.get(face, []), mean][-3:]
            values.append((sum(last) / len(last), spread))
        return np.array(values, np.float32)


def judges():
    return [Judge(), JudgeInTime()]


class Lines(Reporter):
    def __init__(self):
        self.lines = []

    def log(self, line):
        self.lines.append(line)


def video(duration_s, *, frames=1000, codec="h264"):
    return VideoInfo(
        320, 240, 25.0, frames, duration_s, codec, has_audio=False, is_variable_rate=False, note=""
    )


def uncut(clip, options, detector=None):
    points = []
    summary = analyze_video(clip, judges(), options, None, points.extend, detector=detector)
    return points, summary


def cut(clip, options, length_s, *, detector=None, overlap_s=None, keeps_follower=False):
    """Rows, summary and log of the same video, segment by segment."""
    points, summary, reporter, follower = [], Summary(), Lines(), None
    plan = plan_segments(probe(clip), options, length_s=length_s, overlap_s=overlap_s)
    assert len(plan) > 1
    for segment in plan:
        # As after a restart: nothing is left but what was written down.
        summary = Summary.from_dict(summary.to_dict())
        follower = analyze_segment(
            clip, judges(), options, segment, reporter, summary=summary, sink=points.extend, detector=detector,
            before=lambda part: [p for p in points if p.pts_ms >= 1000 * part.warm_s],
            follower=follower if keeps_follower else None,
        )  # fmt: skip
    return points, summary, reporter.lines


def assert_same(found, expected):
    assert [(p.frame, p.pts_ms, p.track, p.state) for p in found] == [
        (p.frame, p.pts_ms, p.track, p.state) for p in expected
    ]
    for one, other in zip(found, expected, strict=True):
        assert (one.box is None) == (other.box is None)
        assert one.box is None or np.allclose(one.box, other.box, atol=0.01)
        for value, wanted in zip(one.values, other.values, strict=True):
            assert (value is None) == (wanted is None)
            assert value is None or np.allclose(value, wanted, atol=1e-4)


# ---- the plan --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "look_back", "seconds"),
    [
        ({}, 0, 4.0),
        ({}, 15, 4.0),
        ({}, 99, 7.92),
        ({"every_nth_frame": 10}, 15, 12.0),
        ({"target_fps": 5.0}, 15, 6.0),
    ],
)
def test_the_warm_up_shows_judges_that_look_back_twice_the_frames_they_want(more, look_back, seconds):
    judge = JudgeInTime()
    judge.look_back = look_back
    options = AnalyzeOptions(lost_after_s=1.0, **more)
    assert overlap_for(video(400.0), options, [Judge(), judge]) == pytest.approx(seconds)


def test_segments_cover_the_range_without_gap_or_overlap_but_for_the_warm_up():
    options = AnalyzeOptions(start_s=10.0, stop_s=300.0, lost_after_s=1.0)
    plan = plan_segments(video(400.0), options, length_s=60.0)
    assert len(plan) == 5
    assert (plan[0].start_s, plan[-1].stop_s) == (10.0, 300.0)
    assert all(one.stop_s == other.start_s for one, other in pairwise(plan))
    assert [round(s.start_s - s.warm_s, 6) for s in plan] == [0.0, 4.0, 4.0, 4.0, 4.0]
    assert [s.number for s in plan] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "info", [video(80.0), video(600.0, frames=0), video(600.0, codec="pictures"), video(0.0)]
)
def test_what_gains_nothing_is_not_cut(info):
    assert plan_segments(info, AnalyzeOptions(), length_s=60.0) == [Segment(0, 0.0, 0.0, None)]


@pytest.mark.parametrize(
    ("duration_s", "workers", "count"), [(180.0, 2, 4), (40.0, 2, 2), (20.0, 2, 1), (180.0, 3, 3), (70.0, 4, 4), (400.0, 1, 7)]
)  # fmt: skip
def test_each_of_several_workers_gets_as_many_segments(duration_s, workers, count):
    plan = plan_segments(video(duration_s), AnalyzeOptions(), length_s=60.0, workers=workers)
    assert len(plan) == count


def test_lengths_that_make_no_sense_are_refused():
    with pytest.raises(OptionError, match="length above 0"):
        plan_segments(video(80.0), AnalyzeOptions(), length_s=0.0)


def test_a_longer_warm_up_doubles_and_ends_at_the_start():
    segment = Segment(3, 26.0, 30.0, 40.0)
    assert segment.warmer(0.0).warm_s == 22.0
    assert segment.warmer(25.0).warm_s == 25.0
    assert Segment(3, 30.0, 30.0, 40.0).warmer(0.0).warm_s == 29.0


# ---- seams, by hand --------------------------------------------------------------------------------------


def point(frame, track, left=0.0, state=FrameState.DETECTED):
    box = (left, 0.0, left + 50, 50.0) if state is FrameState.DETECTED else None
    return Point(frame, 40.0 * frame, track, state, box, 0.9 if box else None, ((0.1, 0.2) if box else None,))


def test_faces_get_the_ids_of_the_segment_before_and_new_ones_the_next():
    first = Part(Segment(0, 0.0, 0.0, 0.4), [], [point(f, t, 100.0 * t) for f in range(10) for t in (1, 2)])
    swapped = {1: 200.0, 2: 100.0}
    warm = [point(f, t, swapped[t]) for f in range(5, 10) for t in (1, 2)]
    rest = [point(10, t, swapped[t]) for t in (1, 2)] + [point(11, 3, 400.0)]
    joined = join([first, Part(Segment(1, 0.2, 0.4, None), warm, rest)], settle_s=0.1)
    assert [(p.frame, p.track, p.box[0]) for p in joined[-3:]] == [
        (10, 1, 100.0),
        (10, 2, 200.0),
        (11, 3, 400.0),
    ]


def test_segments_that_disagree_are_not_joined():
    before = [point(f, 1) for f in range(10)]
    for warm in (
        [point(f, 1, 60.0) for f in range(5, 10)],
        [point(f, 1, 1.0) for f in range(5, 10)],
        [point(f, None, state=FrameState.NO_FACE) for f in range(5, 10)],
        [],
    ):
        with pytest.raises(SeamError, match="longer warm-up"):
            find_ids(before, warm, born=1, settle_s=0.1)


def test_only_the_end_of_the_warm_up_must_agree():
    before = [point(f, 1) for f in range(10)]
    warm = [point(f, None, state=FrameState.NO_FACE) for f in range(5, 7)] + [
        point(f, 1) for f in range(7, 10)
    ]
    assert find_ids(before, warm, born=1, settle_s=0.1) == Ids({1: 1}, 1)
    with pytest.raises(SeamError):
        find_ids(before, warm, born=1, settle_s=0.12)


# ---- seams, in clips -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn_clips(tmp_path_factory):
    """Two drawn clips; in the first the face leaves the picture for a while."""
    folder = tmp_path_factory.mktemp("drawn")
    options = SynthOptions(kind="affwild", clips=2, seconds=3.0, fps=12, width=240, height=180, seed=5)
    synthesize(folder, options, Reporter())
    return sorted(folder.rglob("*.mp4"))


@pytest.mark.parametrize("keeps_follower", [False, True])
def test_drawn_clips_give_the_rows_of_the_uncut_run(drawn_clips, keeps_follower):
    for clip in drawn_clips:
        options = AnalyzeOptions(lost_after_s=0.3, target_fps=6.0)
        expected, whole = uncut(clip, options)
        found, summary, lines = cut(clip, options, 1.0, overlap_s=0.6, keeps_follower=keeps_follower)
        assert_same(found, expected)
        assert lines == []
        told, wanted = summary.to_dict(), whole.to_dict()
        assert [{**track, "mean": None} for track in told["tracks"]] == [
            {**track, "mean": None} for track in wanted["tracks"]
        ]
        for name in ("frames", "points", "states", "first_ms", "last_ms"):
            assert told[name] == wanted[name]


def test_segments_read_alone_are_joined_to_the_uncut_rows(drawn_clips):
    for clip in drawn_clips:
        options = AnalyzeOptions(lost_after_s=0.3, target_fps=6.0)
        expected, whole = uncut(clip, options)
        parts, summaries = [], []
        for segment in plan_segments(probe(clip), options, length_s=1.0, overlap_s=0.6):
            rows = []
            summary, warm = analyze_alone(clip, judges(), options, segment, Lines(), sink=rows.extend)
            parts.append(Part(segment, warm, rows))
            summaries.append(summary)
        assert_same(join(parts, settle_s=0.3), expected)
        total = Summary()
        for summary in summaries:
            total.extend(summary, {track: track for track in summary.tracks})
        told, wanted = total.to_dict(), whole.to_dict()
        for name in ("frames", "points", "states", "first_ms", "last_ms"):
            assert told[name] == wanted[name]
        assert total.tracks[1].mean[0] == pytest.approx(whole.tracks[1].mean[0], abs=1e-6)


class WeakFace:
    """A face that is strong at first and then weak: strong enough to go on, too weak to be born."""

    def detect(self, frame_rgb_u8):
        is_early = frame_rgb_u8[:8, :8].mean() < 60
        height, width = frame_rgb_u8.shape[:2]
        box = (width / 4, height / 4, 3 * width / 4, 3 * height / 4)
        return [Face(box, 0.95 if is_early else 0.65)]


def test_a_seam_at_which_the_faces_differ_is_repeated_from_further_back(tmp_path):
    texture = cv2.GaussianBlur(noise(1, 160, 120)[0], (9, 9), 0)
    pictures = [texture.copy() for _ in range(75)]
    for number, picture in enumerate(pictures):
        picture[:12, :12] = 0 if number < 10 else 200
    clip = write_clip(tmp_path / "weak.mp4", pictures)
    options = AnalyzeOptions(lost_after_s=0.2)
    expected, _ = uncut(clip, options, WeakFace())
    found, _, lines = cut(clip, options, 1.0, overlap_s=0.5, detector=WeakFace())
    assert {p.track for p in expected} == {1}
    assert_same(found, expected)
    assert any("again from 0.0 s" in line for line in lines)


def test_a_summary_goes_on_where_it_was_written_down():
    summary = Summary()
    for number in range(4):
        summary.add(point(number, 1))
    again = Summary.from_dict(summary.to_dict())
    for one in (summary, again):
        one.add(point(4, 2))
    assert again.to_dict() == summary.to_dict()


@pytest.mark.shared_data
def test_two_faces_keep_their_ids_over_all_seams(shared_data, tmp_path):
    with zipfile.ZipFile(shared_data / "renderav-affwild.zip") as archive:
        for name in ("004", "007"):
            archive.extract(f"videos/train/{name}.mp4", tmp_path)
    for name in ("004", "007"):
        clip = tmp_path / f"videos/train/{name}.mp4"
        options = AnalyzeOptions(lost_after_s=0.4)
        expected, _ = uncut(clip, options)
        found, _, _ = cut(clip, options, 1.5)
        assert_same(found, expected)
