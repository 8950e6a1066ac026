"""From a video to a trajectory: valence and arousal of every face in every frame.

One pass: decode, follow the faces, cut them, judge them in batches, hand the rows on. Memory does not grow with
the length of the video. Frames are decoded and faces found once, however many predictors judge them. Nothing
here imports torch; the predictors do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from avce.errors import VideoError
from avce.faces.detect import FaceDetector
from avce.faces.track import FaceTracker, Sighting
from avce.options import AnalyzeOptions
from avce.progress import Reporter
from avce.video.judging import Batch, FacePredictor, Sink, crop_recipe
from avce.video.pace import Pace
from avce.video.points import TRAJECTORY_COLUMNS, Point, Summary
from avce.video.read import Frame, probe, read_frames
from avce.video.segments import Ids, SeamError, Segment, find_ids, row_order
from avce.video.states import FrameState
from avce.video.trajectory import write_csv, write_json, write_parquet

__all__ = [
    "TRAJECTORY_COLUMNS",
    "FacePredictor",
    "Follower",
    "FrameState",
    "Point",
    "Sink",
    "Summary",
    "analyze_alone",
    "analyze_segment",
    "analyze_video",
    "conclude",
    "crop_recipe",
    "frames_in_range",
    "write_csv",
    "write_json",
    "write_parquet",
]


def analyze_video(
    path: Path | str,
    predictors: Sequence[FacePredictor],
    options: AnalyzeOptions,
    reporter: Reporter | None = None,
    sink: Sink | None = None,
    *,
    detector: FaceDetector | None = None,
) -> Summary:
    """Find, follow and judge all faces of a video.

    Args:
        path: Video file, picture, or folder of pictures.
        predictors: Judges; may be empty when only faces are wanted.
        options: Range, detector, tracker and batches.
        reporter: Told of every frame; may stop the work.
        sink: Gets the rows in order of frames, a batch at a time, while the work goes on.
        detector: Default :func:`avce.faces.detect.default_detector`.

    Returns:
        Counts, tracks and means. A video without faces is a result too (see ``Summary.headline``).

    Raises:
        VideoError: Nothing can be decoded, or the range holds no frame.
        OptionError: A predictor without a crop recipe.
        CancelledError: The reporter was asked to stop.
    """
    reporter = reporter or Reporter()
    summary = Summary()
    whole = Segment(0, options.start_s, options.start_s, options.stop_s)
    total = frames_in_range(Path(path), options)
    reporter.stage("analyze")
    analyze_segment(
        path, predictors, options, whole, reporter, summary=summary, sink=sink, total=total, detector=detector
    )
    conclude(path, options, summary, reporter)
    return summary


def conclude(path: Path | str, options: AnalyzeOptions, summary: Summary, reporter: Reporter) -> None:
    """Tell the result of all segments.

    Raises:
        VideoError: There was no frame in the range.
    """
    if not summary.frames:
        raise VideoError(
            f"{Path(path).name}: expected frames from {options.start_s} s to {options.stop_s or 'the end'}, found none;"
            " choose a range inside the video"
        )
    for loss in summary.losses:
        reporter.log(loss)
    reporter.log(summary.headline)


@dataclass
class Follower:
    """What goes on from one segment to the next while one process reads on.

    Attributes:
        tracker: Follows the faces.
        pace: Chooses the frames to judge.
        ids: Final ids of the tracker's faces; ``None`` until the warm-up has told them.
        histories: What predictors that look back have seen.
    """

    tracker: FaceTracker
    pace: Pace
    ids: Ids | None = None
    histories: dict[int, dict[Any, Any]] = field(default_factory=dict)

    @classmethod
    def start(cls, options: AnalyzeOptions, detector: FaceDetector | None) -> Self:
        """One that has seen nothing."""
        pace = Pace(every_nth_frame=options.every_nth_frame, target_fps=options.target_fps)
        return cls(FaceTracker(options, detector), pace)

    def name(self, ids: Ids, sightings: Sequence[Sighting]) -> list[Sighting]:
        """The same sightings under final ids, in the order of those."""
        named = [replace(seen, track=ids.of(seen.track)) for seen in sightings]
        return sorted(named, key=lambda seen: row_order(seen.state, seen.track))


Before = Callable[[Segment], Sequence[Point]]
"""Gives the rows of earlier segments that lie in the warm-up of a segment, under their final ids."""


def analyze_segment(
    path: Path | str,
    predictors: Sequence[FacePredictor],
    options: AnalyzeOptions,
    segment: Segment,
    reporter: Reporter,
    *,
    summary: Summary,
    sink: Sink | None = None,
    before: Before | None = None,
    follower: Follower | None = None,
    detector: FaceDetector | None = None,
    total: int | None = None,
) -> Follower:
    """Find, follow and judge the faces of one segment, after all segments before it.

    The rows are those which the uncut video would have given. Where the warm-up does not show that they are, it is
    repeated from further back, at last from the start.

    Args:
        path: As for :func:`analyze_video`, like ``predictors``, ``options``, ``sink`` and ``detector``.
        predictors: Judges.
        options: Of the whole analysis.
        segment: See :func:`avce.video.segments.plan_segments`.
        reporter: Told of every frame.
        sink: Gets the rows of the segment, without those of the warm-up.
        summary: Of all segments before; this one is added to it.
        before: Where the rows of segments before are found; not needed for the first.
        follower: What this function returned for the segment before; no warm-up is needed then.
        detector: Default :func:`avce.faces.detect.default_detector`.
        total: Frames of the whole analysis, for the progress.

    Returns:
        What the next segment may start with.
    """
    work = _Pass(path, predictors, options, reporter, sink or _drop, summary, total)
    if follower is not None:
        return work.run(replace(segment, warm_s=segment.start_s), follower, before)
    while True:
        try:
            return work.run(segment, Follower.start(options, detector), before)
        except SeamError as error:
            segment = segment.warmer(options.start_s)
            reporter.log(f"segment {segment.number + 1} again from {segment.warm_s:.1f} s: {error}")


def analyze_alone(
    path: Path | str,
    predictors: Sequence[FacePredictor],
    options: AnalyzeOptions,
    segment: Segment,
    reporter: Reporter,
    *,
    sink: Sink | None = None,
    detector: FaceDetector | None = None,
) -> tuple[Summary, list[Point]]:
    """Analyse one segment without knowing those before it, as one of several workers does.

    The arguments are those of :func:`analyze_segment`.

    Returns:
        The segment's own summary, and the rows of its warm-up without values; both, like the rows that the sink
        gets, under ids of its own, for :func:`avce.video.segments.find_ids` to name.
    """
    follower = Follower.start(options, detector)
    follower.ids = Ids()
    work = _Pass(path, predictors, options, reporter, sink or _drop, Summary(), None)
    work.run(segment, follower, None)
    return work.summary, work.warm


def _drop(_points: list[Point]) -> None:
    """The sink of callers who only want the summary."""


@dataclass
class _Pass:
    """One reading of a segment."""

    path: Path | str
    predictors: Sequence[FacePredictor]
    options: AnalyzeOptions
    reporter: Reporter
    sink: Sink
    summary: Summary
    total: int | None
    warm: list[Point] = field(default_factory=list)

    def run(self, segment: Segment, follower: Follower, before: Before | None) -> Follower:
        """Read from the start of the warm-up to the end of the segment."""
        self.warm.clear()
        reader = read_frames(self.path, start_s=segment.warm_s, stop_s=segment.stop_s)
        batch = Batch(self.predictors, self.options, self.summary, self.sink, follower.histories)
        started, detections = time.perf_counter(), follower.tracker.detections
        for frame in reader:
            sightings = follower.tracker.step(frame)
            is_chosen = follower.pace.is_chosen(frame.index, frame.pts_ms)
            if frame.pts_ms / 1000 < segment.start_s:
                named = sightings if follower.ids is None else follower.name(follower.ids, sightings)
                self.warm += [_point(frame, seen) for seen in named]
                if is_chosen:
                    batch.warm_up(frame, sightings)
            else:
                if follower.ids is None:
                    follower.ids = self._ids(segment, before)
                named = follower.name(follower.ids, sightings)
                own = {follower.ids.of(seen.track): seen.track for seen in sightings}
                batch.add(frame, named, is_chosen=is_chosen, ids=own)
                self._count(frame)
            self.reporter.progress(self.summary.frames, self.total)
        batch.flush()
        summary = self.summary
        summary.detections += follower.tracker.detections - detections
        summary.losses += [loss for loss in reader.losses if loss not in summary.losses]
        summary.seconds += max(time.perf_counter() - started, 1e-9)
        return follower

    def _ids(self, segment: Segment, before: Before | None) -> Ids:
        # A warm-up from the very start is the uncut reading itself; there is nothing to check.
        settle_s = self.options.lost_after_s if segment.warm_s > self.options.start_s else -1.0
        rows = before(segment) if before is not None else ()
        return find_ids(rows, self.warm, born=max(self.summary.tracks, default=0), settle_s=settle_s)

    def _count(self, frame: Frame) -> None:
        if self.summary.frames == 0:
            self.summary.first_ms = frame.pts_ms
        self.summary.last_ms = frame.pts_ms
        self.summary.frames += 1


def _point(frame: Frame, seen: Sighting) -> Point:
    return Point(frame.index, frame.pts_ms, seen.track, seen.state, seen.box_xyxy_px, seen.confidence)


def frames_in_range(path: Path, options: AnalyzeOptions) -> int | None:
    """How many frames to expect, for the progress bar."""
    info = probe(path)
    if not info.frames:
        return None
    stop_s = info.duration_s if options.stop_s is None else min(options.stop_s, info.duration_s)
    return max(round((stop_s - options.start_s) * info.fps), 1)
