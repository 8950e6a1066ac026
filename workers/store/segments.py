"""Queries on the segments of an analysis: which are done, and what the next one needs of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session, aliased

from avce.video.points import Point, Summary
from avce.video.segments import Segment
from avce.video.states import FrameState
from workers.states import JobState
from workers.store import series
from workers.store.plain import plain
from workers.store.tables import AnalysisSegment, FaceTrack, Job, TrajectoryPoint, utc_now


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
    """How many segments from the first on are done and joined, and the summary of those."""
    rows = _rows(session, analysis_id)
    done = list(takewhile(lambda row: row.finished_at is not None and row.is_joined, rows))
    return len(done), Summary.from_dict(done[-1].summary) if done else Summary()


def finish_segment(session: Session, analysis_id: str, number: int, summary: Summary) -> None:
    """Note that a segment and all before it are done; its points are written already."""
    row = session.get_one(AnalysisSegment, (analysis_id, number))
    row.finished_at, row.summary, row.is_joined = utc_now(), plain(summary.to_dict()), True


def finish_alone(
    session: Session, analysis_id: str, number: int, summary: Summary, warm: Sequence[Point]
) -> None:
    """Note that a segment is done by itself, under ids of its own; it is yet to be joined."""
    row = session.get_one(AnalysisSegment, (analysis_id, number))
    rows = [(p.frame, p.pts_ms, p.track, p.state.value, p.box, p.confidence) for p in warm]
    row.summary = plain({"own": summary.to_dict(), "warm": rows})
    row.finished_at, row.is_joined = utc_now(), False


def read_alone(session: Session, analysis_id: str, number: int) -> tuple[Summary, list[Point]]:
    """What :func:`finish_alone` kept."""
    row = session.get_one(AnalysisSegment, (analysis_id, number))
    warm = [
        Point(frame, pts_ms, track, FrameState(state), tuple(box) if box else None, confidence)
        for frame, pts_ms, track, state, box, confidence in row.summary["warm"]
    ]
    return Summary.from_dict(row.summary["own"]), warm


def take(session: Session, analysis_id: str, job_id: str, fence: int) -> Segment | None:
    """Take the first segment that nobody does, or that was left by a job that no longer runs."""
    query = (
        select(AnalysisSegment)
        .where(
            AnalysisSegment.analysis_id == analysis_id,
            AnalysisSegment.finished_at.is_(None),
            ~_is_held(),
        )
        .order_by(AnalysisSegment.number)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = session.scalars(query).first()
    if row is None:
        return None
    row.taken_by, row.taken_fence = job_id, fence
    return Segment(row.number, row.warm_s, row.start_s, row.stop_s)


def _is_held() -> ColumnElement[bool]:
    holder = aliased(Job)
    return exists().where(
        holder.id == AnalysisSegment.taken_by,
        holder.fence == AnalysisSegment.taken_fence,
        holder.state == JobState.RUNNING,
    )


def is_shared(session: Session, analysis_id: str) -> bool:
    """Whether segments were taken by several workers, in this attempt or one before."""
    return any(row.taken_by is not None for row in _rows(session, analysis_id))


def tracks_in(session: Session, analysis_id: str, segment: Segment) -> list[int]:
    """Ids of the faces in a segment's points, in order."""
    query = (
        select(TrajectoryPoint.track)
        .where(*_inside(analysis_id, segment.start_s, segment.stop_s), TrajectoryPoint.track.is_not(None))
        .distinct()
        .order_by(TrajectoryPoint.track)
    )
    return [track for track in session.scalars(query) if track is not None]


def unfinished(session: Session, analysis_id: str) -> int:
    """How many segments are not done."""
    return sum(row.finished_at is None for row in _rows(session, analysis_id))


def drop_unfinished(session: Session, analysis_id: str) -> None:
    """Remove the points of segments that an earlier attempt did not finish, and faces summed up from them."""
    rows = _rows(session, analysis_id)
    if all(row.finished_at is None and row.taken_by is None for row in rows):
        session.execute(delete(TrajectoryPoint).where(TrajectoryPoint.analysis_id == analysis_id))
    # What another worker is at is its own to remove.
    left = select(AnalysisSegment).where(
        AnalysisSegment.analysis_id == analysis_id, AnalysisSegment.finished_at.is_(None), ~_is_held()
    )
    for row in session.scalars(left):
        drop_points(session, analysis_id, Segment(row.number, row.warm_s, row.start_s, row.stop_s))
    session.execute(delete(FaceTrack).where(FaceTrack.analysis_id == analysis_id))
    series.drop(session, analysis_id)


def drop_points(session: Session, analysis_id: str, segment: Segment) -> None:
    """Remove the points of one segment."""
    session.execute(delete(TrajectoryPoint).where(*_inside(analysis_id, segment.start_s, segment.stop_s)))


def rename_tracks(
    session: Session, analysis_id: str, run_ids: Sequence[str], segment: Segment, names: Mapping[int, int]
) -> None:
    """Give the faces of a segment their final ids."""
    for provisional, final in names.items():
        session.execute(
            update(TrajectoryPoint)
            .where(
                *_inside(analysis_id, segment.start_s, segment.stop_s),
                TrajectoryPoint.run_id.in_(run_ids),
                TrajectoryPoint.track == provisional,
            )
            .values(track=final)
            .execution_options(synchronize_session=False)
        )


def _inside(analysis_id: str, start_s: float, stop_s: float | None) -> list[ColumnElement[bool]]:
    # Borders between segments are whole milliseconds: no product may fall beside them.
    held = [TrajectoryPoint.analysis_id == analysis_id, TrajectoryPoint.pts_ms >= round(1000 * start_s, 3)]
    if stop_s is not None:
        held.append(TrajectoryPoint.pts_ms < round(1000 * stop_s, 3))
    return held


def points_before(session: Session, analysis_id: str, run_id: str, segment: Segment) -> list[Point]:
    """Where faces are in the warm-up of a segment, as the segments before it say; without values."""
    query = (
        select(TrajectoryPoint)
        .where(
            TrajectoryPoint.run_id == run_id,
            *_inside(analysis_id, segment.warm_s - 0.001, segment.start_s),
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
