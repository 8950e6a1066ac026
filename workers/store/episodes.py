"""Find moments in all analyses: the database says which faces can have one, their rows say when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlalchemy import ColumnElement, Select, false, select, true
from sqlalchemy.orm import Session

from avce.video.edits import Edits
from avce.video.events import Condition, Event, Rule, episodes
from avce.video.states import STATES_WITH_VALUES
from workers.records import AnalysisRecord, EpisodeRecord
from workers.store.analyses import analysis_records, trajectory_table
from workers.store.tables import TrackEdit, TrajectoryPoint
from workers.store.tracks import edits_of

SLACK = 1e-9
"""The database may round a square differently; what is found is checked again."""


def find(session: Session, rule: Rule, *, run_ids: Sequence[str] | None = None) -> Iterator[EpisodeRecord]:
    """Episodes of a rule, newest analysis first, then by run, face and time; faces as corrected.

    Cost: analysis by analysis, as far as the caller reads: one pass over its points in the database, then the rows
    of one face at a time.
    """
    for record in analysis_records(session):
        candidates: dict[str, set[int]] = {}
        for run_id, track in session.execute(_candidates(rule, record.id, run_ids)):
            candidates.setdefault(run_id, set()).add(int(track or 0))
        if not candidates:
            continue
        edits = edits_of(session, record.id)
        names = _names(session, record.id)
        for run_id, run_name in zip(record.run_ids, record.names, strict=True):
            tracks = {edits.whole(track) for track in candidates.get(run_id, ())}
            for track in sorted(tracks - set(edits.excluded)):
                face = _Face(record, run_id, run_name, track, names.get(track) or f"face {track}")
                yield from face.episodes(session, edits, rule)


@dataclass(frozen=True)
class _Face:
    """One face of an analysis, as one run sees it."""

    record: AnalysisRecord
    run_id: str
    run_name: str
    track: int
    name: str

    def episodes(self, session: Session, edits: Edits, rule: Rule) -> Iterator[EpisodeRecord]:
        table = trajectory_table(
            session, self.record.id, [self.run_id], track=self.track, max_points=None, edits=edits
        )
        for event in episodes(table, rule):
            inside = table["frame"].between(event.first_frame, event.last_frame) & table["valence"].notna()
            yield self._record(event, table[inside])

    def _record(self, event: Event, rows: pd.DataFrame) -> EpisodeRecord:
        strength = np.hypot(rows["valence"].to_numpy(float), rows["arousal"].to_numpy(float))
        return EpisodeRecord(
            analysis_id=self.record.id,
            video=self.record.video,
            run_id=self.run_id,
            run_name=self.run_name,
            track=self.track,
            face=self.name,
            first_frame=event.first_frame,
            last_frame=event.last_frame,
            start_s=event.start_ms / 1000,
            end_s=event.end_ms / 1000,
            frame=int(rows["frame"].iloc[int(strength.argmax())]),
            valence=float(rows["valence"].mean()),
            arousal=float(rows["arousal"].mean()),
        )


def _candidates(rule: Rule, analysis_id: str, run_ids: Sequence[str] | None) -> Select[str, int | None]:
    """Faces of an analysis with at least one point that meets all conditions."""
    point = TrajectoryPoint
    query = (
        select(point.run_id, point.track)
        .where(
            point.analysis_id == analysis_id,
            point.track.is_not(None),
            point.state.in_([str(state) for state in STATES_WITH_VALUES]),
            *(_holds(condition) for condition in rule.conditions),
        )
        .distinct()
    )
    return query if run_ids is None else query.where(point.run_id.in_(run_ids))


def _holds(condition: Condition) -> ColumnElement[bool]:
    """One comparison in SQL; it may let a little more through, never less."""
    valence, arousal, limit = TrajectoryPoint.valence, TrajectoryPoint.arousal, condition.limit
    if condition.quantity == "intensity":
        square = valence * valence + arousal * arousal
        if limit < 0:
            return true() if condition.is_above else false()
        return square > limit**2 - SLACK if condition.is_above else square < limit**2 + SLACK
    column = {"valence": valence, "arousal": arousal}[condition.quantity]
    return column > limit if condition.is_above else column < limit


def _names(session: Session, analysis_id: str) -> dict[int, str]:
    query = select(TrackEdit.track, TrackEdit.name).where(TrackEdit.analysis_id == analysis_id)
    return {row.track: row.name for row in session.execute(query)}
