"""Queries on the segments of an analysis: which are done, and what the next one needs of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from avce.video.points import Point, Summary
from avce.video.segments import Segment
from avce.video.states import FrameState
from workers.store.plain import plain
from workers.store.tables import AnalysisSegment, FaceTrack, TrajectoryPoint, utc_now


def plan_of(session: Session, analysis_id: str) -> list[Segment]:
    """The segments as they were planned; none before the first attempt."""
    return [Segment(row.number, row.warm_s, row.start_s, row.stop_s) for row in _rows(session, analysis_id)]


def add_plan(session: Session, analysis_id: str, plan: Sequence[Segment]) -> None:
    """Keep a plan, so that every later attempt cuts at the same places."""
    session.add_all(
        AnalysisSegment(
            analysis_id=analysis_id,
            number=segment.number,
            warm_s=segment.warm_s,
            start_s=segment.start_s,
            stop_s=segment.stop_s,
        )
        for segment in plan
    )


def progress_of(session: Session, analysis_id: str) -> tuple[int, Summary]:
    """How many segments are done, and the summary of those."""
    done = [row for row in _rows(session, analysis_id) if row.finished_at is not None]
    return len(done), Summary.from_dict(done[-1].summary) if done else Summary()


def finish_segment(session: Session, analysis_id: str, number: int, summary: Summary) -> None:
    """Note that a segment and all before it are done; its points are written already."""
    row = session.get_one(AnalysisSegment, (analysis_id, number))
    row.finished_at, row.summary = utc_now(), plain(summary.to_dict())


def drop_unfinished(session: Session, analysis_id: str, summary: Summary) -> None:
    """Remove the points of a segment that an earlier attempt did not finish.

    Args:
        session: A writing session.
        analysis_id: The analysis.
        summary: Of the segments that are done.
    """
    unfinished = TrajectoryPoint.analysis_id == analysis_id
    if summary.frames:
        unfinished &= TrajectoryPoint.pts_ms > summary.last_ms
    session.execute(delete(TrajectoryPoint).where(unfinished))
    session.execute(delete(FaceTrack).where(FaceTrack.analysis_id == analysis_id))


def points_before(session: Session, analysis_id: str, run_id: str, segment: Segment) -> list[Point]:
    """Where faces are in the warm-up of a segment, as the segments before it say; without values."""
    query = (
        select(TrajectoryPoint)
        .where(
            TrajectoryPoint.analysis_id == analysis_id,
            TrajectoryPoint.run_id == run_id,
            TrajectoryPoint.pts_ms >= 1000 * segment.warm_s - 1,
        )
        .order_by(TrajectoryPoint.frame, TrajectoryPoint.id)
    )
    return [_point(row) for row in session.scalars(query)]


def _point(row: TrajectoryPoint) -> Point:
    edges = (row.x0, row.y0, row.x1, row.y1)
    x0, y0, x1, y1 = (edge or 0.0 for edge in edges)
    box = None if row.x0 is None else (x0, y0, x1, y1)
    return Point(row.frame, row.pts_ms, row.track, FrameState(row.state), box, row.confidence)


def _rows(session: Session, analysis_id: str) -> list[AnalysisSegment]:
    query = select(AnalysisSegment).where(AnalysisSegment.analysis_id == analysis_id)
    return list(session.scalars(query.order_by(AnalysisSegment.number)))
