"""Follow every face through a video under a stable id. Torch-free.

The detector runs on every k-th frame, counted from the start of the video so that the schedule does not depend on
where the reading starts, and at once where tracking may fail: after a cut, while a face is
lost or weak, when its texture is lost or it no longer looks like itself. Between, boxes move with the optical
flow of a small grey picture. A face that is not found is lost, never guessed; it keeps its id when it comes
back in time, near enough, at a similar size and in similar colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from avce.faces import boxes, flow, look
from avce.faces.boxes import Box, iou
from avce.faces.detect import Face, FaceDetector, default_detector
from avce.options import AnalyzeOptions
from avce.video.cuts import CutFinder
from avce.video.read import Frame
from avce.video.states import STATES_WITH_VALUES, FrameState

SMALL_LONG_SIDE_PX = 320
LEAST_POINTS = 6
LEAST_KEPT = 0.4
"""Share of a track's points that must survive, else the detector is asked."""
LEAST_LIKENESS = 0.6
"""Correlation with the last detected face below which the detector is asked."""
LEAST_VISIBLE = 0.6
"""Share of a followed box that must lie in the picture, else the detector is asked."""
LEAST_IOU = 0.3
LEAST_COLOUR = 0.7
"""Shared colours with the lost face; on the sample clips .89 and more for one person, .65 between persons."""


@dataclass(frozen=True)
class Sighting:
    """What is known of one track in one frame.

    Attributes:
        track: Id from 1 on; ``None`` for a frame without any face.
        state: See :class:`FrameState`.
        box_xyxy_px: ``None`` unless a face is there.
        confidence: The detector's score in [0, 1]; between detections times the likeness to the
            face detected last.
    """

    track: int | None
    state: FrameState
    box_xyxy_px: Box | None = None
    confidence: float | None = None


@dataclass(frozen=True)
class _Seen:
    """A face that the detector found, and what its place in the grey picture looks like."""

    face: Face
    colours: NDArray[np.float32]
    points: flow.Points
    patch: NDArray[np.float32] | None

    @property
    def box(self) -> Box:
        return self.face.box_xyxy_px


@dataclass
class _Track:
    """One person's face; ``seen`` is the last detection, ``box`` and ``points`` have moved since."""

    number: int
    seen: _Seen
    seen_ms: float
    state: FrameState
    box: Box
    points: flow.Points
    colours: NDArray[np.float32]
    likeness: float = 1.0

    @classmethod
    def start(cls, number: int, seen: _Seen, now_ms: float, state: FrameState) -> _Track:
        return cls(number, seen, now_ms, state, seen.box, seen.points, seen.colours)

    @property
    def is_lost(self) -> bool:
        return self.state is FrameState.LOST

    def renew(self, seen: _Seen, now_ms: float, state: FrameState) -> None:
        self.seen, self.seen_ms, self.state = seen, now_ms, state
        self.box, self.points, self.likeness = seen.box, seen.points, 1.0
        self.colours = 0.8 * self.colours + 0.2 * seen.colours

    def move(self, there: flow.Points, is_kept: NDArray[np.bool_], grey: flow.Grey, scale: float) -> None:
        """Follow the points; the state becomes ``tracked``, or ``lost`` until the detector is asked."""
        old, self.points = self.points[is_kept], there[is_kept]
        if len(old):
            small = flow.move_box(boxes.scaled(self.box, scale), old, self.points)
            self.box = boxes.scaled(small, 1 / scale)
        self.likeness = look.likeness(self.seen.patch, look.patch(grey, boxes.scaled(self.box, scale)))
        height, width = grey.shape
        is_sure = (
            self.state in STATES_WITH_VALUES
            # The box of a face that comes in from the side must grow; the flow cannot do that.
            and not boxes.is_cut_off(self.seen.box, width / scale, height / scale)
            and len(old) >= max(LEAST_POINTS, LEAST_KEPT * len(self.seen.points))
            and self.likeness >= LEAST_LIKENESS
            and boxes.visible_share(self.box, width / scale, height / scale) >= LEAST_VISIBLE
        )
        self.state = FrameState.TRACKED if is_sure else FrameState.LOW_QUALITY


class FaceTracker:
    """Feed frames in order; get the state of every track in each.

    Args:
        options: Used are ``detect_every``, ``min_score``, ``min_face_px``, ``max_faces``, ``lost_after_s``.
        detector: Default :func:`avce.faces.detect.default_detector`.

    Attributes:
        detections: How many frames the detector was asked about.
    """

    def __init__(self, options: AnalyzeOptions | None = None, detector: FaceDetector | None = None) -> None:
        self.options = options or AnalyzeOptions()
        self.detector = detector or default_detector()
        self.detections = 0
        self._cuts = CutFinder()
        self._tracks: list[_Track] = []
        self._born = 0
        self._detected_in: int | None = None
        """Which stretch of ``detect_every`` frames the detector was asked in last."""
        self._grey: flow.Grey | None = None

    def step(self, frame: Frame) -> list[Sighting]:
        """States of all tracks in the next frame.

        Returns:
            At least one row; exactly one per track; one ``no_face`` row without a track where
            there is nobody's face.
        """
        small, scale = _shrunk(frame.rgb_u8)
        grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
        has_changed_size = self._grey is not None and self._grey.shape != grey.shape
        is_cut = self._cuts.is_cut(small) or has_changed_size
        ended: list[Sighting] = []
        if is_cut:
            ended = [Sighting(track.number, FrameState.CUT) for track in self._tracks]
            self._tracks = []
        elif self._grey is not None:
            self._follow(self._grey, grey, scale)
        if is_cut or self._is_detection_due(frame.index):
            self._detect(frame, grey, scale)
        self._grey = grey
        return self._sightings(ended)

    def _is_detection_due(self, index: int) -> bool:
        if self._detected_in != index // self.options.detect_every:
            return True
        if not self._tracks:
            return index % 2 == 0
        return any(track.state not in STATES_WITH_VALUES for track in self._tracks)

    def _follow(self, before: flow.Grey, after: flow.Grey, scale: float) -> None:
        """Move all visible tracks, with one call of the flow for all of them."""
        visible = [track for track in self._tracks if not track.is_lost]
        if not visible:
            return
        there, is_kept = flow.follow_points(
            before, after, np.concatenate([track.points for track in visible])
        )
        ends = np.cumsum([len(track.points) for track in visible])[:-1]
        for track, places, kept in zip(visible, np.split(there, ends), np.split(is_kept, ends), strict=True):
            track.move(places, kept, after, scale)

    def _detect(self, frame: Frame, grey: flow.Grey, scale: float) -> None:
        """Ask the detector; renew, lose, drop and start tracks."""
        options, now_ms = self.options, frame.pts_ms
        faces = [face for face in self.detector.detect(frame.rgb_u8) if face.score >= options.min_score / 2]
        self.detections += 1
        self._detected_in = frame.index // options.detect_every
        found = [_observe(face, frame.rgb_u8, grey, scale) for face in faces]
        pairs = self._matches(found, now_ms)
        for track in self._tracks:
            if track.number in pairs:
                seen = found[pairs[track.number]]
                track.renew(seen, now_ms, self._judge(seen.face))
            else:
                track.state = FrameState.LOST
        oldest_ms = now_ms - 1000 * options.lost_after_s
        self._tracks = [track for track in self._tracks if not track.is_lost or track.seen_ms >= oldest_ms]
        for index, seen in enumerate(found):
            if index not in pairs.values() and self._may_be_born(seen.face):
                self._born += 1
                self._tracks.append(_Track.start(self._born, seen, now_ms, self._judge(seen.face)))

    def _judge(self, face: Face) -> FrameState:
        is_large = boxes.short_side(face.box_xyxy_px) >= self.options.min_face_px
        is_good = is_large and face.score >= self.options.min_score
        return FrameState.DETECTED if is_good else FrameState.LOW_QUALITY

    def _may_be_born(self, face: Face) -> bool:
        # A new id needs more than the continuation of an old one: backgrounds fool detectors now and then,
        # with middling scores (.46 to .73 on the sample clips, where true faces have .84 and more).
        least = max(self.options.min_score, min(0.8, self.options.min_score + 0.2))
        living = [track for track in self._tracks if not track.is_lost]
        is_double = any(iou(face.box_xyxy_px, track.box) > 0.4 for track in living)
        return face.score >= least and len(living) < self.options.max_faces and not is_double

    def _matches(self, found: Sequence[_Seen], now_ms: float) -> dict[int, int]:
        """Which face continues which track, best pairs first; track number to index of the face."""
        ranked = sorted(
            (
                (affinity, track.number, index)
                for track in self._tracks
                for index, seen in enumerate(found)
                if (affinity := _affinity(track, seen, now_ms, self.options.min_score)) > 0
            ),
            reverse=True,
        )
        pairs: dict[int, int] = {}
        for _, number, index in ranked:
            if number not in pairs and index not in pairs.values():
                pairs[number] = index
        return pairs

    def _sightings(self, ended: list[Sighting]) -> list[Sighting]:
        rows = []
        for track in sorted(self._tracks, key=lambda track: track.number):
            if track.is_lost:
                rows.append(Sighting(track.number, FrameState.LOST))
            else:
                confidence = track.seen.face.score * max(track.likeness, 0.0)
                rows.append(Sighting(track.number, track.state, track.box, min(confidence, 1.0)))
        if ended or any(row.box_xyxy_px is not None for row in rows):
            return ended + rows
        return [Sighting(None, FrameState.NO_FACE)]


def _observe(face: Face, rgb: NDArray[np.uint8], grey: flow.Grey, scale: float) -> _Seen:
    small = boxes.scaled(face.box_xyxy_px, scale)
    return _Seen(
        face, look.colours_in(rgb, face.box_xyxy_px), flow.corners_in(grey, small), look.patch(grey, small)
    )


def _affinity(track: _Track, seen: _Seen, now_ms: float, min_score: float) -> float:
    """How well a face continues a track; 0: not at all. Strong faces first, then overlap, then colours."""
    overlap = iou(track.box, seen.box)
    alike = float(np.minimum(track.colours, seen.colours).sum())
    strength = 1.0 if seen.face.score >= min_score else 0.0
    if not track.is_lost and overlap >= LEAST_IOU:
        return strength + overlap + 0.5 * alike
    if alike < LEAST_COLOUR:
        return 0.0
    if not strength:
        # A weak face may only continue a box that it covers.
        return overlap if overlap >= 2 * LEAST_IOU else 0.0
    side, other = boxes.long_side(track.box), boxes.long_side(seen.box)
    if max(side, other) > 1.6 * min(side, other):
        return 0.0
    gap_s = max(now_ms - track.seen_ms, 0.0) / 1000
    reach = side * (0.6 + 2.0 * gap_s)
    distance = boxes.distance(track.box, seen.box)
    return 0.5 * alike * (1 - distance / reach) if distance < reach else 0.0


def _shrunk(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """Small picture for flow and cuts, and its pixels per pixel of the frame."""
    height, width = rgb.shape[:2]
    scale = min(1.0, SMALL_LONG_SIDE_PX / max(height, width))
    if scale == 1:
        return rgb, scale
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8), scale
