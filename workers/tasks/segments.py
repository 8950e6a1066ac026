"""The segments of an analysis, in sequence: points arrive while the video is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from avce.faces.yunet import detector_from
from avce.options import AnalyzeOptions
from avce.video.analyze import FacePredictor, Follower, analyze_segment, frames_in_range
from avce.video.points import TRAJECTORY_COLUMNS, Point, Summary
from avce.video.segments import Segment
from workers.errors import LeaseLostError
from workers.lifecycle import Claim, change
from workers.reporting import JobReporter
from workers.settings import get_settings
from workers.store import analyses, segments
from workers.store.session import reading, writing


class SegmentWork:
    """An analysis at work: does one segment after another; the tracker goes on from each to the next."""

    def __init__(
        self,
        held: Claim,
        path: Path,
        options: AnalyzeOptions,
        run_ids: Sequence[str],
        predictors: Sequence[FacePredictor],
    ) -> None:
        self.held, self.path, self.options = held, path, options
        self.run_ids, self.predictors = run_ids, predictors
        self.total = frames_in_range(path, options)
        self.detector = detector_from(get_settings().detector_model)
        self.follower: Follower | None = None

    def run(self, segment: Segment, summary: Summary, reporter: JobReporter) -> None:
        """Analyse a segment, write its points as they come, and note that it is done."""
        self.follower = analyze_segment(
            self.path, self.predictors, self.options, segment, reporter,
            summary=summary, sink=_writer(self.held, self.run_ids), before=self.before,
            follower=self.follower, detector=self.detector, total=self.total,
        )  # fmt: skip
        with writing() as session:
            require_claim(session, self.held)
            segments.finish_segment(session, self.held["analysis_id"], segment.number, summary)

    def before(self, segment: Segment) -> list[Point]:
        """Where faces are in the warm-up of a segment, as the segments before it say."""
        with reading() as session:
            return segments.points_before(session, self.held["analysis_id"], self.run_ids[0], segment)


def _writer(held: Claim, run_ids: Sequence[str]) -> Callable[[list[Point]], None]:
    def write(points: list[Point]) -> None:
        rows = [row for point in points for row in point_rows(point, held["analysis_id"], run_ids)]
        with writing() as session:
            require_claim(session, held)
            analyses.add_points(session, rows)

    return write


def require_claim(session: Session, held: Claim) -> None:
    """Go on only while the job is this worker's.

    Raises:
        LeaseLostError: It is not.
    """
    if not change(session, held.is_valid, worker=held.worker):
        raise LeaseLostError(f"job {held.job_id} is no longer this worker's")


def point_rows(point: Point, analysis_id: str, run_ids: Sequence[str]) -> list[dict[str, Any]]:
    """One row per run: where the face is, and what this run says of it."""
    return [
        {"analysis_id": analysis_id, "run_id": run_id}
        | dict(zip(TRAJECTORY_COLUMNS, point.row(index), strict=True))
        for index, run_id in enumerate(run_ids)
    ]
