"""Correct the faces of an analysis: name them, join two that are one person, leave one out; all can be taken back."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from workers.client._door import door
from workers.errors import ClientError
from workers.records import TrackRecord
from workers.store import analyses
from workers.store import tracks as store
from workers.store.session import reading, writing

LONGEST_NAME = 80


@door
def tracks(analysis_id: str) -> list[TrackRecord]:
    """Faces of an analysis as corrected, the one seen longest first."""
    with reading() as session:
        return _records(session, analysis_id)


@door
def rename_track(analysis_id: str, track: int, name: str) -> list[TrackRecord]:
    """Give a face a name; an empty one takes the name away."""
    wanted = " ".join(name.split())
    if len(wanted) > LONGEST_NAME:
        raise ClientError(
            f"face {track}: expected a name of at most {LONGEST_NAME} letters, got {len(wanted)}; choose a shorter one"
        )

    def change(session: Session) -> None:
        store.edit(session, analysis_id, track).name = wanted

    return _change(analysis_id, change)


@door
def merge_tracks(analysis_id: str, track: int, into: int) -> list[TrackRecord]:
    """Say that two faces are one person, under the id and name of ``into``; refused when both are seen at once."""
    return _change(analysis_id, lambda session: store.merge(session, analysis_id, track, into))


@door
def split_track(analysis_id: str, track: int) -> list[TrackRecord]:
    """Take the merge of a face back."""
    return _change(analysis_id, lambda session: store.split(session, analysis_id, track))


@door
def exclude_track(analysis_id: str, track: int, *, is_excluded: bool = True) -> list[TrackRecord]:
    """Leave a face out of what is shown, exported and searched, or take it in again."""

    def change(session: Session) -> None:
        store.edit(session, analysis_id, track).is_excluded = is_excluded

    return _change(analysis_id, change)


@door
def set_neutral(analysis_id: str, track: int, first_frame: int, last_frame: int) -> list[TrackRecord]:
    """Say in which frames a face is neutral; see ``is_calibrated`` of :func:`workers.client.trajectory`."""
    if not 0 <= first_frame <= last_frame:
        raise ClientError(
            f"face {track}: expected frames in order, from 0 on, got {first_frame} to {last_frame}"
        )
    return _change(
        analysis_id,
        lambda session: store.set_neutral(session, analysis_id, track, first_frame, last_frame),
    )


@door
def clear_neutral(analysis_id: str, track: int) -> list[TrackRecord]:
    """Forget in which frames a face is neutral."""
    return _change(analysis_id, lambda session: store.clear_neutral(session, analysis_id, track))


@door
def reset_tracks(analysis_id: str) -> list[TrackRecord]:
    """Take all corrections back."""
    return _change(analysis_id, lambda session: store.reset(session, analysis_id))


def _change(analysis_id: str, change: Callable[[Session], None]) -> list[TrackRecord]:
    with writing() as session:
        analyses.analysis_record(session, analysis_id)
        change(session)
    with reading() as session:
        return _records(session, analysis_id)


def _records(session: Session, analysis_id: str) -> list[TrackRecord]:
    record = analyses.analysis_record(session, analysis_id)
    return store.track_records(session, analysis_id, record.run_ids)
