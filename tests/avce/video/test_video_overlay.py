"""The annotated video: original times and sound, drawings where the faces are."""

from __future__ import annotations

import av
import numpy as np
import pytest
from video_clips import grey, write_clip

from avce.errors import DataError
from avce.video.overlay import write_overlay
from avce.video.painter import Painter
from avce.video.points import Point
from avce.video.read import read_frames
from avce.video.states import FrameState

BOX = (40.0, 30.0, 100.0, 90.0)


def seen(frame, pts_ms, values=(0.5, 0.5), track=1):
    return Point(frame, pts_ms, track, FrameState.DETECTED, BOX, 0.9, (values,))


def empty(frame, pts_ms):
    return Point(frame, pts_ms, None, FrameState.NO_FACE, None, None, (None,))


def test_times_and_sound_are_those_of_the_original(tmp_path):
    times = [0, 40, 100, 400, 440, 900]
    clip = write_clip(tmp_path / "a.mp4", [grey(90, 161 + 1, 120)] * 6, times_ms=times, sound=True)
    points = [seen(n, float(t)) for n, t in enumerate(times)]
    out = write_overlay(clip, points, tmp_path / "out.mp4")
    assert [frame.pts_ms for frame in read_frames(out)] == pytest.approx(times, abs=0.1)
    with av.open(str(out)) as container:
        assert len(container.streams.audio) == 1
        assert sum(1 for _ in container.decode(audio=0)) > 0


def test_a_range_of_points_gives_a_clip_that_begins_at_zero(tmp_path):
    clip = write_clip(tmp_path / "a.mp4", [grey(8 * n, 160, 120) for n in range(30)], sound=True)
    points = [seen(n, 40.0 * n) for n in range(10, 20)]
    frames = list(read_frames(write_overlay(clip, points, tmp_path / "out.mp4")))
    assert [frame.pts_ms for frame in frames] == pytest.approx([40 * n for n in range(10)], abs=0.1)
    assert abs(float(frames[0].rgb_u8[:20, :20].mean()) - 80) < 6


def test_boxes_are_drawn_where_faces_are_and_nothing_where_none_is():
    picture = grey(90, 320, 240)
    drawn = Painter().paint(picture, [seen(0, 0.0)])
    assert (drawn[30, 45:95] != 90).any(axis=1).all()
    assert (picture == 90).all(), "the given picture stays as it is"
    blank = Painter().paint(picture, [empty(0, 0.0)])
    assert (blank[:150, :200] == 90).all()


def test_the_dot_stands_at_valence_to_the_right_and_arousal_up():
    picture = grey(90, 400, 400)
    calm = Painter().paint(picture, [empty(0, 0.0)])
    excited = Painter().paint(picture, [seen(0, 0.0, (0.8, 0.5))])
    changed = np.argwhere(
        (calm != excited).any(axis=2) & (np.add.outer(np.arange(400), np.arange(400)) > 500)
    )
    row, column = changed.mean(axis=0)
    radius, centre = 56, 400 - 56 - 14
    assert column == pytest.approx(centre + 0.8 * radius, abs=1.5)
    assert row == pytest.approx(centre - 0.5 * radius, abs=1.5)


def test_odd_sides_and_tiny_pictures_are_written(tmp_path):
    import cv2

    cv2.imwrite(str(tmp_path / "odd.png"), grey(50, 33, 21))
    out = write_overlay(tmp_path / "odd.png", [empty(0, 0.0)], tmp_path / "out.mp4")
    assert next(iter(read_frames(out))).rgb_u8.shape == (22, 34, 3)


def test_without_points_there_is_nothing_to_draw(tmp_path):
    clip = write_clip(tmp_path / "a.mp4", [grey(1)] * 3)
    with pytest.raises(DataError, match="analyse the video first"):
        write_overlay(clip, [], tmp_path / "out.mp4")


def strip(picture):
    """The curves' part of a 400 x 240 picture: left of the circumplex, above the lower edge."""
    return picture[240 - 8 - 68 : 240 - 8, 8:316].astype(int)


def test_curves_run_with_time_and_are_open_where_the_face_is_gone():
    picture, painter = grey(90, 400, 240), Painter()
    blank = Painter().paint(picture, [empty(0, 0.0)])
    states = [
        seen(n, 400.0 * n, (0.9, -0.9)) if n not in range(10, 15) else empty(n, 400.0 * n) for n in range(26)
    ]
    for point in states:
        drawn = painter.paint(picture, [point])
    changed = (strip(drawn) != strip(blank)).any(axis=2)
    upper, lower = changed[:17].any(axis=0), changed[-17:].any(axis=0)
    for line in (upper, lower):
        assert line[:100].mean() > 0.9, "eight frames of four seconds, at the left"
        assert line[190:].mean() > 0.9, "and up to now, at the right"
        assert not line[130:180].any(), "nothing over the gap"
    assert not changed[26:30].any(), "valence is high and arousal low: nothing near the middle"


def test_samples_older_than_the_strip_are_forgotten():
    painter = Painter()
    for n in range(1000):
        painter.paint(grey(90, 400, 240), [seen(n, 100.0 * n)])
    assert len(painter._curves[1]) <= 101
