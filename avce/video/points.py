"""Rows of a trajectory: one per decoded frame and track. Torch-free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from avce.faces.boxes import Box
from avce.video.states import FrameState

TRAJECTORY_COLUMNS = (
    "frame",
    "pts_ms",
    "track",
    "state",
    "valence",
    "arousal",
    "confidence",
    "x0",
    "y0",
    "x1",
    "y1",
)  # fmt: skip

Values = tuple[float, float]
"""Valence and arousal."""


@dataclass(frozen=True, slots=True)
class Point:
    """One track in one frame.

    Attributes:
        frame: Position in the video, from 0.
        pts_ms: Presentation time in milliseconds.
        track: Id from 1 on; ``None`` in frames without any face.
        state: See :class:`avce.video.states.FrameState`.
        box: Left, top, right, bottom in pixels; ``None`` without a face.
        confidence: In [0, 1]; ``None`` without a face.
        values: For each predictor valence and arousal, or ``None`` where there is nothing to judge.
    """

    frame: int
    pts_ms: float
    track: int | None
    state: FrameState
    box: Box | None
    confidence: float | None
    values: tuple[Values | None, ...] = ()

    def row(self, predictor: int = 0) -> tuple[Any, ...]:
        """Plain values in the order of :data:`TRAJECTORY_COLUMNS`, ``None`` where a cell is empty."""
        valence, arousal = (self.values[predictor] if self.values else None) or (None, None)
        box = self.box or (None,) * 4
        return (
            self.frame,
            self.pts_ms,
            self.track,
            self.state.value,
            _rounded(valence, 6),
            _rounded(arousal, 6),
            _rounded(self.confidence, 4),
            *(_rounded(edge, 2) for edge in box),
        )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(float(value), digits)


@dataclass
class TrackSummary:
    """One person's share of a video.

    Attributes:
        track: Id.
        first_frame: First frame with the face.
        last_frame: Last frame with the face.
        frames: Frames with a face of that id.
        judged: Frames with values.
        mean: Per predictor mean valence and arousal; ``None`` without values.
    """

    track: int
    first_frame: int
    last_frame: int
    frames: int = 0
    judged: int = 0
    mean: list[Values | None] = field(default_factory=list)

    def extend(self, later: TrackSummary) -> None:
        """Add what a later stretch saw of the same person."""
        self.last_frame = later.last_frame
        self.frames += later.frames
        total = self.judged + later.judged
        if later.judged:
            share = later.judged / total
            old = self.mean or [None] * len(later.mean)
            self.mean = [_mixed(*pair, share) for pair in zip(old, later.mean, strict=True)]
        self.judged = total


@dataclass
class Summary:
    """What an analysis found; grows point by point in constant memory per track.

    Attributes:
        frames: Decoded frames in the range.
        points: Rows.
        states: Rows per state.
        tracks: By id.
        first_ms: Time of the first frame.
        last_ms: Time of the last frame.
        detections: Frames the detector was asked about.
        losses: What could not be decoded.
        seconds: Length of the whole work.
    """

    frames: int = 0
    points: int = 0
    states: dict[str, int] = field(default_factory=dict)
    tracks: dict[int, TrackSummary] = field(default_factory=dict)
    first_ms: float = 0.0
    last_ms: float = 0.0
    detections: int = 0
    losses: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def fps(self) -> float:
        """Frames per second of the whole work."""
        return self.frames / self.seconds if self.seconds else 0.0

    @property
    def has_faces(self) -> bool:
        """Whether any face was found."""
        return bool(self.tracks)

    @property
    def headline(self) -> str:
        """One sentence on the result, also for videos without a face."""
        if not self.has_faces:
            return f"no face was found in any of {self.frames} frames"
        faces = "1 face" if len(self.tracks) == 1 else f"{len(self.tracks)} faces"
        empty = self.states.get(FrameState.NO_FACE, 0)
        return f"{faces} in {self.frames} frames, {empty} of them without a face"

    def add(self, point: Point) -> None:
        """Count one row."""
        self.points += 1
        self.states[point.state.value] = self.states.get(point.state.value, 0) + 1
        if point.track is None or point.box is None:
            return
        track = self.tracks.setdefault(point.track, TrackSummary(point.track, point.frame, point.frame))
        track.last_frame, track.frames = point.frame, track.frames + 1
        if any(value is not None for value in point.values):
            track.judged += 1
            old = track.mean or [None] * len(point.values)
            track.mean = [_running(*pair, track.judged) for pair in zip(old, point.values, strict=True)]

    def extend(self, later: Summary, ids: Mapping[int, int]) -> None:
        """Add what a later stretch of the same video gave.

        Args:
            later: Its summary, under ids of its own.
            ids: Id there to id here.
        """
        self.first_ms = self.first_ms if self.frames else later.first_ms
        self.last_ms = later.last_ms if later.frames else self.last_ms
        for name in ("frames", "points", "detections", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(later, name))
        self.losses += [loss for loss in later.losses if loss not in self.losses]
        for state, count in later.states.items():
            self.states[state] = self.states.get(state, 0) + count
        for theirs in later.tracks.values():
            number = ids[theirs.track]
            mine = self.tracks.setdefault(number, TrackSummary(number, theirs.first_frame, theirs.last_frame))
            mine.extend(theirs)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "headline": self.headline,
            "frames": self.frames,
            "points": self.points,
            "states": dict(self.states),
            "tracks": [
                {
                    "track": track.track,
                    "first_frame": track.first_frame,
                    "last_frame": track.last_frame,
                    "frames": track.frames,
                    "judged": track.judged,
                    "mean": [value and {"valence": value[0], "arousal": value[1]} for value in track.mean],
                }
                for track in self.tracks.values()
            ],
            "first_ms": self.first_ms,
            "last_ms": self.last_ms,
            "detections": self.detections,
            "losses": list(self.losses),
            "seconds": round(self.seconds, 3),
            "fps": round(self.fps, 2),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """A summary that goes on where :meth:`to_dict` left off."""
        summary = cls(states=dict(values["states"]), losses=list(values["losses"]))
        for name in ("frames", "points", "first_ms", "last_ms", "detections", "seconds"):
            setattr(summary, name, values[name])
        for track in values["tracks"]:
            mean = [value and (value["valence"], value["arousal"]) for value in track["mean"]]
            summary.tracks[track["track"]] = TrackSummary(**{**track, "mean": mean})
        return summary


def _mixed(one: Values | None, other: Values | None, share: float) -> Values | None:
    if one is None or other is None:
        return other if one is None else one
    return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share


def _running(mean: Values | None, value: Values | None, count: int) -> Values | None:
    if value is None:
        return mean
    if mean is None:
        return value
    return mean[0] + (value[0] - mean[0]) / count, mean[1] + (value[1] - mean[1]) / count
