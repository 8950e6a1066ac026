"""Analyse videos: points arrive while the video is read, so that the pages can show them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from avce.faces.yunet import detector_from
from avce.options import AnalyzeOptions
from avce.video.analyze import FacePredictor, Follower, analyze_segment, conclude, frames_in_range
from avce.video.points import TRAJECTORY_COLUMNS, Point, Summary
from avce.video.read import probe
from avce.video.segments import Segment, plan_segments
from workers.app import task
from workers.errors import LeaseLostError
from workers.lifecycle import Claim, change
from workers.reporting import JobReporter
from workers.settings import get_settings
from workers.states import JobKind
from workers.store import analyses, segments
from workers.store.plain import plain
from workers.store.runs import checkpoint_folder, checkpoint_of
from workers.store.session import reading, writing
from workers.store.tables import Analysis
from workers.store.videos import video_file
from workers.tasks.border import Outcome, perform


@task(JobKind.ANALYZE)
def analyze_video(job_id: str) -> None:
    """See a video with the runs of an analysis, decoding it once."""
    perform(job_id, _analyze)


def _analyze(held: Claim, reporter: JobReporter) -> Outcome:
    from avce.training.checkpoint import load_predictor

    analysis_id, options = held["analysis_id"], AnalyzeOptions.parse(held.options)
    with reading() as session:
        record = analyses.analysis_record(session, analysis_id)
        path = video_file(session, record.video.id)
        folders = [checkpoint_folder(checkpoint_of(session, run_id)) for run_id in record.run_ids]
    plan, done, summary = _prepare(held, path, options)
    if done:
        reporter.log(f"{done} of {len(plan)} segments are done; going on at {plan[done - 1].stop_s:.1f} s")
    work = _Segments(held, path, options, record.run_ids, [load_predictor(folder) for folder in folders])
    reporter.stage("analyze")
    for segment in plan[done:]:
        work.run(segment, summary, reporter)
    conclude(path, options, summary, reporter)
    values = plain(summary.to_dict())

    def write(session: Session) -> None:
        analysis = session.get_one(Analysis, analysis_id)
        analysis.summary = values
        analyses.write_tracks(session, analysis_id)

    return Outcome(write)


def _prepare(held: Claim, path: Path, options: AnalyzeOptions) -> tuple[list[Segment], int, Summary]:
    """The plan, how much of it is done, and with what result; what an attempt left half done is removed."""
    analysis_id = held["analysis_id"]
    plan = plan_segments(probe(path), options, length_s=get_settings().segment_s)
    with writing() as session:
        _require_claim(session, held)
        kept = segments.plan_of(session, analysis_id)
        if not kept:
            segments.add_plan(session, analysis_id, plan)
        done, summary = segments.progress_of(session, analysis_id)
        segments.drop_unfinished(session, analysis_id, summary)
    return kept or plan, done, summary


class _Segments:
    """Does one segment after another; the tracker goes on from each to the next."""

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
            summary=summary, sink=_writer(self.held, self.run_ids), before=self._before,
            follower=self.follower, detector=self.detector, total=self.total,
        )  # fmt: skip
        with writing() as session:
            _require_claim(session, self.held)
            segments.finish_segment(session, self.held["analysis_id"], segment.number, summary)

    def _before(self, segment: Segment) -> list[Point]:
        with reading() as session:
            return segments.points_before(session, self.held["analysis_id"], self.run_ids[0], segment)


def _writer(held: Claim, run_ids: Sequence[str]) -> Callable[[list[Point]], None]:
    def write(points: list[Point]) -> None:
        rows = [row for point in points for row in point_rows(point, held["analysis_id"], run_ids)]
        with writing() as session:
            _require_claim(session, held)
            analyses.add_points(session, rows)

    return write


def _require_claim(session: Session, held: Claim) -> None:
    if not change(session, held.is_valid, worker=held.worker):
        raise LeaseLostError(f"job {held.job_id} is no longer this worker's")


def point_rows(point: Point, analysis_id: str, run_ids: Sequence[str]) -> list[dict[str, Any]]:
    """One row per run: where the face is, and what this run says of it."""
    return [
        {"analysis_id": analysis_id, "run_id": run_id}
        | dict(zip(TRAJECTORY_COLUMNS, point.row(index), strict=True))
        for index, run_id in enumerate(run_ids)
    ]
