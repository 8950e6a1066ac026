"""Cut the analysis of a long video into segments, and join their faces at the seams. Torch-free.

Each segment is read from some seconds before its start, the *warm-up*, in which faces are followed but not judged. A
tracker forgets: its boxes depend on frames no further back than the last detection, its ids on those no
further back than ``lost_after_s``. After the warm-up it is therefore where a tracker would be that had read the video
from its start, except for the ids, which the rows of the segment before tell. Whether it really is, can be seen: at
the end of the warm-up both must give the same rows. If not, a longer warm-up is needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from avce.errors import OptionError, VideoError
from avce.faces.boxes import iou
from avce.options import AnalyzeOptions
from avce.video.judging import FacePredictor, look_back
from avce.video.points import Point
from avce.video.read import VideoInfo
from avce.video.states import FrameState

LEAST_IOU = 0.5
"""Overlap from which on two boxes in one frame are the same face."""
SHORTEST_S = 15.0
"""Length below which a segment is not worth sharing."""
BOX_SLACK_PX = 0.05
"""How far equal boxes may lie apart; stored ones are rounded to hundredths of a pixel."""


class SeamError(VideoError):
    """Two segments do not agree on the faces in their overlap; the second needs a longer warm-up."""


@dataclass(frozen=True)
class Segment:
    """A stretch of a video.

    Attributes:
        number: From 0.
        warm_s: Where to begin reading.
        start_s: Time from which on frames belong to it.
        stop_s: Time from which on they no longer do; ``None``: to the end.
    """

    number: int
    warm_s: float
    start_s: float
    stop_s: float | None

    def warmer(self, first_s: float) -> Segment:
        """The same segment with twice the warm-up, but not from before ``first_s``."""
        return replace(self, warm_s=max(self.start_s - 2 * max(self.start_s - self.warm_s, 0.5), first_s))


def usual_overlap_s(options: AnalyzeOptions) -> float:
    """A warm-up in which a tracker settles: twice the time that it remembers a lost face, and two seconds."""
    return 2 * options.lost_after_s + 2


def overlap_for(info: VideoInfo, options: AnalyzeOptions, predictors: Iterable[FacePredictor]) -> float:
    """A warm-up in which a tracker settles and predictors that look back see twice the frames that they want."""
    judged_fps = info.fps / options.every_nth_frame
    if options.target_fps is not None:
        judged_fps = min(judged_fps, options.target_fps)
    wanted = max((look_back(predictor) for predictor in predictors), default=0)
    return max(usual_overlap_s(options), 2 * wanted / max(judged_fps, 1e-3))


def plan_segments(
    info: VideoInfo,
    options: AnalyzeOptions,
    *,
    length_s: float,
    overlap_s: float | None = None,
    workers: int = 1,
) -> list[Segment]:
    """Cut the range to be analysed into segments of equal length.

    Args:
        info: The video, as :func:`avce.video.read.probe` describes it.
        options: Used are ``start_s``, ``stop_s`` and ``lost_after_s``.
        length_s: About how long a segment shall be.
        overlap_s: Length of the warm-up; default :func:`usual_overlap_s`.
        workers: How many will take segments: there are as many for each, so that none waits for another at the
            end, unless segments became shorter than :data:`SHORTEST_S`, where the warm-up would cost more than is won.

    Returns:
        At least one segment. Just one where cutting gains nothing: short videos, pictures, and files that
        cannot be entered in the middle.

    Raises:
        OptionError: A length that is not positive, or an overlap below zero.
    """
    overlap_s = usual_overlap_s(options) if overlap_s is None else overlap_s
    if length_s <= 0 or overlap_s < 0:
        raise OptionError(
            f"segments: expected a length above 0 and an overlap of 0 or more, got {length_s} and {overlap_s}"
        )
    first_s = options.start_s
    end_s = info.duration_s if options.stop_s is None else min(options.stop_s, info.duration_s)
    can_be_entered = info.frames > 0 and info.codec != "pictures"
    count = round((end_s - first_s) / length_s) if can_be_entered else 1
    even = -(-max(count, 1) // workers) * workers
    if can_be_entered and (end_s - first_s) / even >= SHORTEST_S:
        count = even
    if count < 2:
        return [Segment(0, first_s, first_s, options.stop_s)]
    step_s = (end_s - first_s) / count
    # Whole milliseconds: what is stored, printed and compared is one number.
    starts = [first_s] + [round(first_s + number * step_s, 3) for number in range(1, count)]
    stops = [*starts[1:], options.stop_s]
    return [
        Segment(number, max(start - overlap_s, first_s), start, stop)
        for number, (start, stop) in enumerate(zip(starts, stops, strict=True))
    ]


@dataclass
class Ids:
    """Under which id each face of one tracker is given on.

    Attributes:
        names: The tracker's id to the id given on.
        born: The highest id given so far; a new face gets the next.
    """

    names: dict[int, int] = field(default_factory=dict)
    born: int = 0

    def of(self, track: int | None) -> int | None:
        """The id to give on; a face seen for the first time gets a new one."""
        if track is None:
            return None
        if track not in self.names:
            self.born += 1
            self.names[track] = self.born
        return self.names[track]


def row_order(state: FrameState, track: int | None) -> tuple[bool, int]:
    """Key by which the rows of one frame are sorted: tracks that a cut ends, then the others by id."""
    return state is not FrameState.CUT, track or 0


def find_ids(before: Iterable[Point], warm: Iterable[Point], *, born: int, settle_s: float) -> Ids:
    """Tell by the rows of the warm-up which of its faces are which of the segment before.

    Args:
        before: Rows of the segment before, under their final ids; those outside the warm-up do not count.
        warm: Rows of the warm-up, under the ids of their own tracker.
        born: The highest final id so far.
        settle_s: How long, to the end of the warm-up, both must give the same rows: the time for which a
            tracker remembers a lost face.

    Returns:
        The ids for what follows.

    Raises:
        SeamError: They do not.
    """
    old, new = _by_frame(before), _by_frame(warm)
    ids = Ids(_same_faces(old, new), born)
    frames = sorted(set(old) | set(new))
    if not frames:
        return ids
    last_ms = max(rows[0].pts_ms for rows in (*old.values(), *new.values()))
    for frame in reversed(frames):
        olds, news = old.get(frame, []), new.get(frame, [])
        if (olds or news)[0].pts_ms < last_ms - 1000 * settle_s - 1e-6:
            break
        if not _agree(olds, news, ids.names):
            raise SeamError(
                f"frame {frame}: expected the same faces from both segments, got {_told(olds)} and {_told(news)};"
                " the second segment needs a longer warm-up"
            )
    return ids


@dataclass(frozen=True)
class Part:
    """What one segment gave, under the ids of its own tracker."""

    segment: Segment
    warm: Sequence[Point]
    points: Sequence[Point]


def join(parts: Iterable[Part], *, settle_s: float) -> list[Point]:
    """Join the rows of consecutive segments as if the video had been read in one go.

    Args:
        parts: In the order of their segments, the first with any ids.
        settle_s: See :func:`find_ids`.

    Raises:
        SeamError: A segment does not agree with the one before.
    """
    joined: list[Point] = []
    born = 0
    for part in parts:
        before = [point for point in joined if point.pts_ms >= 1000 * part.segment.warm_s - 1]
        ids = find_ids(before, part.warm, born=born, settle_s=settle_s) if part.segment.number else Ids()
        renamed = [replace(point, track=ids.of(point.track)) for point in part.points]
        joined += sorted(renamed, key=lambda point: (point.frame, *row_order(point.state, point.track)))
        born = ids.born
    return joined


def _by_frame(points: Iterable[Point]) -> dict[int, list[Point]]:
    frames: dict[int, list[Point]] = {}
    for point in points:
        frames.setdefault(point.frame, []).append(point)
    return frames


def _same_faces(old: dict[int, list[Point]], new: dict[int, list[Point]]) -> dict[int, int]:
    """New id to old id: pairs of tracks by the number of frames in which their boxes overlap, most first."""
    votes: Counter[tuple[int, int]] = Counter()
    for frame in set(old) & set(new):
        for one in new[frame]:
            for other in old[frame]:
                if one.box and other.box and iou(one.box, other.box) >= LEAST_IOU:
                    votes[one.track or 0, other.track or 0] += 1
    names: dict[int, int] = {}
    for (one_id, other_id), _ in sorted(votes.items(), key=lambda item: (-item[1], item[0])):
        if one_id not in names and other_id not in names.values():
            names[one_id] = other_id
    return names


def _agree(olds: Sequence[Point], news: Sequence[Point], names: dict[int, int]) -> bool:
    """Whether two trackers say the same of one frame."""
    expected = {point.track: point for point in olds}
    found = {names.get(point.track, -1) if point.track else None: point for point in news}
    return expected.keys() == found.keys() and all(
        point.state is found[track].state and _is_same_box(point, found[track])
        for track, point in expected.items()
    )


def _is_same_box(one: Point, other: Point) -> bool:
    if one.box is None or other.box is None:
        return one.box is other.box
    return max(abs(a - b) for a, b in zip(one.box, other.box, strict=True)) <= BOX_SLACK_PX


def _told(points: Sequence[Point]) -> str:
    return ", ".join(f"{point.track or 'nobody'} {point.state}" for point in points) or "no row"
