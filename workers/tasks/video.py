"""Analyse videos: points arrive while the video is read, so that the pages can show them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from avce.options import AnalyzeOptions
from avce.video.points import TRAJECTORY_COLUMNS
from workers.app import task
from workers.errors import LeaseLostError
from workers.lifecycle import Claim, change
from workers.reporting import JobReporter
from workers.states import JobKind
from workers.store import analyses
from workers.store.plain import plain
from workers.store.runs import checkpoint_folder, checkpoint_of
from workers.store.session import reading, writing
from workers.store.tables import Analysis
from workers.store.videos import video_file
from workers.tasks.border import Outcome, perform

if TYPE_CHECKING:
    from avce.video.points import Point


@task(JobKind.ANALYZE)
def analyze_video(job_id: str) -> None:
    """See a video with the runs of an analysis, decoding it once."""
    perform(job_id, _analyze)


def _analyze(held: Claim, reporter: JobReporter) -> Outcome:
    from avce.training.checkpoint import load_predictor
    from avce.video import analyze

    analysis_id = held["analysis_id"]
    with reading() as session:
        record = analyses.analysis_record(session, analysis_id)
        path = video_file(session, record.video.id)
        folders = [checkpoint_folder(checkpoint_of(session, run_id)) for run_id in record.run_ids]
    with writing() as session:
        _require_claim(session, held)
        analyses.clear_points(session, analysis_id)
    predictors = [load_predictor(folder) for folder in folders]
    sink = _writer(held, record.run_ids)
    summary = analyze.analyze_video(path, predictors, AnalyzeOptions.parse(held.options), reporter, sink)
    reporter.log(summary.headline)
    values = plain(summary.to_dict())

    def write(session: Session) -> None:
        analysis = session.get_one(Analysis, analysis_id)
        analysis.summary = values
        analyses.write_tracks(session, analysis_id)

    return Outcome(write)


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
