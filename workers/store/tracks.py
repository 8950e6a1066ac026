"""Queries on the faces of an analysis, and on what people say of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, aliased

from avce.video.edits import Edits
from avce.video.points import Values
from workers.errors import ClientError
from workers.records import TrackRecord
from workers.store.tables import FaceTrack, TrackEdit, TrajectoryPoint


def edits_of(session: Session, analysis_id: str) -> Edits:
    """What is to be applied to the rows of an analysis."""
    rows = _rows(session, analysis_id)
    return Edits(
        {row.track: row.merged_into for row in rows if row.merged_into is not None},
        frozenset(row.track for row in rows if row.is_excluded),
    )


def edit(session: Session, analysis_id: str, track: int) -> TrackEdit:
    """The row to write an edit to.

    Raises:
        ClientError: The analysis has no such face.
    """
    if session.get(FaceTrack, (analysis_id, track)) is None:
        query = select(FaceTrack.track).where(FaceTrack.analysis_id == analysis_id).order_by(FaceTrack.track)
        known = ", ".join(map(str, session.scalars(query))) or "none, or is not finished"
        raise ClientError(
            f"face {track}: analysis {analysis_id} has no such face; it has {known}; choose one of these"
        )
    row = session.get(TrackEdit, (analysis_id, track))
    if row is None:
        row = TrackEdit(analysis_id=analysis_id, track=track)
        session.add(row)
    return row


def merge(session: Session, analysis_id: str, track: int, into: int) -> None:
    """Make one face of two; what was merged into either comes along.

    Raises:
        ClientError: They are one already, or both are seen in the same frame.
    """
    row, whole = edit(session, analysis_id, track), edit(session, analysis_id, into)
    root = into if whole.merged_into is None else whole.merged_into
    own = track if row.merged_into is None else row.merged_into
    if root == own:
        raise ClientError(f"face {track} and face {into} are one already")
    edits = edits_of(session, analysis_id)
    # Only this track moves; if others were merged into it, they come along.
    moving = [track, *(one for one, to in edits.merged.items() if to == track)]
    staying = [root, *(one for one, to in edits.merged.items() if to == root)]
    frame = _frame_with_both(session, analysis_id, moving, staying)
    if frame is not None:
        raise ClientError(
            f"face {track} and face {into} cannot be one person: both are seen in frame {frame};"
            " leave one of them out instead"
        )
    for member in moving:
        edit(session, analysis_id, member).merged_into = root


def split(session: Session, analysis_id: str, track: int) -> None:
    """Take a merge back."""
    edit(session, analysis_id, track).merged_into = None


def set_neutral(session: Session, analysis_id: str, track: int, first_frame: int, last_frame: int) -> None:
    """Keep the frames in which a face is neutral.

    Raises:
        ClientError: The face has no value in them.
    """
    row = edit(session, analysis_id, track)
    members = edits_of(session, analysis_id).members(track)
    judged = session.scalar(
        select(func.count()).where(
            TrajectoryPoint.analysis_id == analysis_id,
            TrajectoryPoint.track.in_(members),
            TrajectoryPoint.frame.between(first_frame, last_frame),
            TrajectoryPoint.valence.is_not(None),
        )
    )
    if not judged:
        raise ClientError(
            f"face {track}: expected frames in which it has values, found none from {first_frame} to {last_frame};"
            " choose a stretch in which the face is seen"
        )
    row.neutral_first, row.neutral_last = first_frame, last_frame


def clear_neutral(session: Session, analysis_id: str, track: int) -> None:
    """Forget in which frames a face is neutral."""
    row = edit(session, analysis_id, track)
    row.neutral_first = row.neutral_last = None


def neutral_of(session: Session, analysis_id: str, run_id: str) -> dict[int, Values]:
    """What a run says of each face whose neutral frames are known, on the mean over those."""
    edits = edits_of(session, analysis_id)
    found: dict[int, Values] = {}
    for row in _rows(session, analysis_id):
        if row.neutral_first is None or row.neutral_last is None:
            continue
        query = select(func.avg(TrajectoryPoint.valence), func.avg(TrajectoryPoint.arousal)).where(
            TrajectoryPoint.analysis_id == analysis_id,
            TrajectoryPoint.run_id == run_id,
            TrajectoryPoint.track.in_(edits.members(row.track)),
            TrajectoryPoint.frame.between(row.neutral_first, row.neutral_last),
        )
        valence, arousal = session.execute(query).one()
        if valence is not None and arousal is not None:
            found[row.track] = (float(valence), float(arousal))
    return found


def reset(session: Session, analysis_id: str) -> None:
    """Take all edits of an analysis back."""
    session.execute(delete(TrackEdit).where(TrackEdit.analysis_id == analysis_id))


@dataclass
class _Sum:
    judged: int = 0
    valence: float = 0.0
    arousal: float = 0.0


@dataclass
class _Face:
    """A face while its tracks are summed up."""

    first_frame: int
    last_frame: int
    frames: int = 0
    sums: dict[str, _Sum] = field(default_factory=dict)


def track_records(session: Session, analysis_id: str, run_ids: Sequence[str]) -> list[TrackRecord]:
    """Faces as corrected, excluded ones too, with what the runs say of each; the one seen longest first."""
    edits = edits_of(session, analysis_id)
    rows = {row.track: row for row in _rows(session, analysis_id)}
    faces: dict[int, _Face] = {}
    point = TrajectoryPoint
    query = (
        select(
            point.track, point.run_id, func.min(point.frame), func.max(point.frame), func.count(point.x0),
            func.count(point.valence), func.sum(point.valence), func.sum(point.arousal),
        )
        .where(point.analysis_id == analysis_id, point.track.is_not(None))
        .group_by(point.track, point.run_id)
    )  # fmt: skip
    for track, run_id, first, last, seen, judged, valence, arousal in session.execute(query):
        face = faces.setdefault(edits.whole(track), _Face(first, last))
        face.first_frame, face.last_frame = min(face.first_frame, first), max(face.last_frame, last)
        face.frames += seen if run_id == run_ids[0] else 0
        total = face.sums.setdefault(run_id, _Sum())
        total.judged += judged
        total.valence += valence or 0.0
        total.arousal += arousal or 0.0
    records = [
        TrackRecord(
            track=track,
            name=(rows[track].name if track in rows else "") or f"face {track}",
            merged=[one for one, whole in sorted(edits.merged.items()) if whole == track],
            is_excluded=track in edits.excluded,
            neutral=_neutral(rows.get(track)),
            first_frame=face.first_frame,
            last_frame=face.last_frame,
            frames=face.frames,
            judged={run: total.judged for run, total in face.sums.items()},
            mean={
                run: (total.valence / total.judged, total.arousal / total.judged) if total.judged else None
                for run, total in face.sums.items()
            },
        )
        for track, face in faces.items()
    ]
    return sorted(records, key=lambda record: (-record.frames, record.track))


def _neutral(row: TrackEdit | None) -> tuple[int, int] | None:
    if row is None or row.neutral_first is None or row.neutral_last is None:
        return None
    return row.neutral_first, row.neutral_last


def _frame_with_both(
    session: Session, analysis_id: str, these: Sequence[int], those: Sequence[int]
) -> int | None:
    one, other = aliased(TrajectoryPoint), aliased(TrajectoryPoint)
    query = (
        select(func.min(one.frame))
        .join(
            other,
            (other.analysis_id == one.analysis_id)
            & (other.run_id == one.run_id)
            & (other.frame == one.frame),
        )
        .where(
            one.analysis_id == analysis_id,
            one.track.in_(these),
            one.x0.is_not(None),
            other.track.in_(those),
            other.x0.is_not(None),
        )
    )
    return session.scalar(query)


def _rows(session: Session, analysis_id: str) -> list[TrackEdit]:
    query = select(TrackEdit).where(TrackEdit.analysis_id == analysis_id)
    return list(session.scalars(query.order_by(TrackEdit.track)))
