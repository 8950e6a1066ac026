"""Following faces: optical flow between detections, stable ids, gaps that stay gaps, cuts."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from avce.faces.boxes import iou
from avce.faces.detect import Face
from avce.faces.track import FaceTracker
from avce.options import AnalyzeOptions
from avce.video.cuts import CutFinder
from avce.video.read import Frame
from avce.video.states import FrameState

SIDE = 60
RNG = np.random.default_rng(3)
FACES = [
    cv2.GaussianBlur(RNG.integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8), (7, 7), 0) * np.array(tint)
    for tint in ((1.0, 0.5, 0.3), (0.2, 0.5, 1.0))
]


class KnownFaces:
    """A detector that is told where the faces are and counts how often it is asked."""

    def __init__(self):
        self.now: list[Face] = []
        self.asked = 0

    def detect(self, frame_rgb_u8):
        self.asked += 1
        return list(self.now)


def scene(places: dict[int, tuple[int, int]], background: int = 90) -> np.ndarray:
    picture = np.full((200, 320, 3), background, np.uint8)
    for face, (x, y) in places.items():
        picture[y : y + SIDE, x : x + SIDE] = FACES[face].astype(np.uint8)
    return picture


def run(steps, *, options=None, score=0.9, background=None):
    detector = KnownFaces()
    tracker = FaceTracker(options or AnalyzeOptions(), detector)
    rows = []
    for index, places in enumerate(steps):
        detector.now = [Face((x, y, x + SIDE, y + SIDE), score) for x, y in places.values()]
        level = background[index] if background else 90
        rows.append(tracker.step(Frame(index, 40.0 * index, scene(places, level))))
    return rows, detector


def test_a_moving_face_is_followed_between_detections():
    steps = [{0: (20 + 4 * n, 50 + n)} for n in range(40)]
    rows, detector = run(steps)
    assert detector.asked == 8
    for places, (row,) in zip(steps, rows, strict=True):
        x, y = places[0]
        assert row.track == 1
        assert iou(row.box_xyxy_px, (x, y, x + SIDE, y + SIDE)) > 0.9
    assert [row.state for (row,) in rows[:6]] == ["detected", *["tracked"] * 4, "detected"]


def test_a_face_that_goes_leaves_a_gap_and_comes_back_under_its_id():
    steps = [{0: (100, 60)}] * 12 + [{}] * 9 + [{0: (130, 60)}] * 10
    rows, _ = run(steps)
    assert {row.track for (row,) in rows[:12]} == {1}
    assert all(rows[n][0].state is FrameState.NO_FACE and rows[n][0].track is None for n in range(12, 21))
    assert all(rows[n][0].box_xyxy_px is None and rows[n][0].confidence is None for n in range(12, 21))
    assert {row.track for (row,) in rows[21:]} == {1}


def test_after_a_long_absence_the_id_is_new():
    steps = [{0: (100, 60)}] * 6 + [{}] * 40 + [{0: (100, 60)}] * 6
    rows, _ = run(steps)
    assert rows[-1][0].track == 2


def test_one_of_two_faces_is_lost_while_the_other_stays():
    both = {0: (20, 60), 1: (200, 60)}
    rows, _ = run([both] * 8 + [{0: (20, 60)}] * 6 + [both] * 5)
    assert [[(row.track, row.state.value) for row in frame] for frame in (rows[9], rows[-1])] == [
        [(1, "detected"), (2, "lost")],
        [(1, "tracked"), (2, "tracked")],
    ]
    assert all(len({row.track for row in frame}) == len(frame) == 2 for frame in rows)


def test_two_faces_that_swap_places_while_away_keep_their_ids():
    apart, swapped = {0: (60, 60), 1: (125, 60)}, {0: (125, 60), 1: (60, 60)}
    rows, _ = run([apart] * 6 + [{}] * 8 + [swapped] * 3)
    box = {row.track: row.box_xyxy_px[0] for row in rows[-1]}
    assert box == {1: pytest.approx(125, abs=2), 2: pytest.approx(60, abs=2)}


def test_a_cut_ends_tracks_and_new_ids_begin():
    rows, _ = run([{0: (100, 60)}] * 8 + [{1: (100, 60)}] * 4, background=[20] * 8 + [230] * 4)
    assert [(row.track, row.state.value) for row in rows[8]] == [(1, "cut"), (2, "detected")]
    assert [(row.track, row.state.value) for row in rows[9]] == [(2, "tracked")]


def test_weak_and_small_faces_are_marked_not_hidden():
    detector = KnownFaces()
    tracker = FaceTracker(AnalyzeOptions(detect_every=1), detector)
    states = []
    for index, score in enumerate((0.9, 0.5, 0.1, 0.9)):
        detector.now = [Face((100, 60, 160, 120), score)]
        (row,) = tracker.step(Frame(index, 40.0 * index, scene({0: (100, 60)})))
        states.append(row.state.value)
    assert states == ["detected", "low_quality", "no_face", "detected"]
    rows, _ = run([{0: (100, 60)}], options=AnalyzeOptions(min_face_px=80))
    assert rows[0][0].state is FrameState.LOW_QUALITY


def test_middling_scores_found_no_track():
    rows, _ = run([{0: (100, 60)}] * 5, score=0.7)
    assert all(row.state is FrameState.NO_FACE for (row,) in rows)


def test_no_more_tracks_than_allowed():
    rows, _ = run([{0: (20, 60), 1: (200, 60)}] * 3, options=AnalyzeOptions(max_faces=1))
    assert all(len(frame) == 1 for frame in rows)


def test_noise_and_still_pictures_are_no_cuts_but_a_new_scene_is():
    finder = CutFinder()
    rng = np.random.default_rng(0)
    assert not any(finder.is_cut(rng.integers(0, 255, (90, 120, 3), dtype=np.uint8)) for _ in range(5))
    finder = CutFinder()
    shots = [np.full((90, 120, 3), level, np.uint8) for level in (30, 32, 30, 200, 200)]
    assert [finder.is_cut(shot) for shot in shots] == [False, False, False, True, False]
