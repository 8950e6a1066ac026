"""The segments of an analysis, in sequence: points arrive while the video is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from avce.faces.yunet import detector_from
from avce.metrics.conformal import BAND_COLUMNS, Band
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
from workers.tasks.buffer import RowBuffer

NO_BAND = (None,) * len(BAND_COLUMNS)


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
        self.bands = [Band.from_dict(predictor.info.get("band")) for predictor in predictors]
        self.total = frames_in_range(path, options)
        self.detector = detector_from(get_settings().detector_model)
        self.follower: Follower | None = None

    def run(self, segment: Segment, summary: Summary, reporter: JobReporter) -> None:
        """Analyse a segment, write its points as they come, and note that it is done."""
        buffer = RowBuffer(self.write)
        self.follower = analyze_segment(
            self.path, self.predictors, self.options, segment, reporter,
            summary=summary, sink=lambda points: buffer.add(self.rows(points)), before=self.before,
            follower=self.follower, detector=self.detector, total=self.total,
        )  # fmt: skip
        buffer.flush()
        with writing() as session:
            require_claim(session, self.held)
            segments.finish_segment(session, self.held["analysis_id"], segment.number, summary)

    def write(self, rows: list[dict[str, Any]]) -> None:
        """Write rows, while the job is this worker's."""
        with writing() as session:
            require_claim(session, self.held)
            analyses.add_points(session, rows)

    def rows(self, points: Sequence[Point]) -> list[dict[str, Any]]:
        """Points as rows of the database, one per run."""
        analysis_id = self.held["analysis_id"]
        return [row for point in points for row in point_rows(point, analysis_id, self.run_ids, self.bands)]

    def before(self, segment: Segment) -> list[Point]:
        """Where faces are in the warm-up of a segment, as the segments before it say."""
        with reading() as session:
            return segments.points_before(session, self.held["analysis_id"], self.run_ids[0], segment)


def require_claim(session: Session, held: Claim) -> None:
    """Go on only while the job is this worker's.

    Raises:
        LeaseLostError: It is not.
    """
    if not change(session, held.is_valid, worker=held.worker):
        raise LeaseLostError(f"job {held.job_id} is no longer this worker's")


def point_rows(
    point: Point, analysis_id: str, run_ids: Sequence[str], bands: Sequence[Band | None]
) -> list[dict[str, Any]]:
    """One row per run: where the face is, what this run says of it, and how far that may be off."""
    rows = []
    for index, (run_id, band) in enumerate(zip(run_ids, bands, strict=True)):
        values = point.values[index] if point.values else None
        limits = band.around(*values) if band and values else NO_BAND
        row = {"analysis_id": analysis_id, "run_id": run_id}
        row |= zip(TRAJECTORY_COLUMNS, point.row(index), strict=True)
        rows.append(row | dict(zip(BAND_COLUMNS, limits, strict=True)))
    return rows
