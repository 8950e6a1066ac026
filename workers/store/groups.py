"""Queries on groups of jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from workers.errors import NotFoundError
from workers.records import GroupRecord
from workers.states import JobState
from workers.store.tables import Job, JobGroup


def add_group(session: Session, name: str, values: Mapping[str, Sequence[Any]]) -> JobGroup:
    """Write the row of a new group."""
    group = JobGroup(name=name, values={option: list(found) for option, found in values.items()})
    session.add(group)
    session.flush()
    return group


def group_records(
    session: Session, *wanted: ColumnElement[bool], limit: int | None = None
) -> list[GroupRecord]:
    """Records of groups, newest first."""
    query = select(JobGroup).where(*wanted).order_by(JobGroup.created_at.desc(), JobGroup.id).limit(limit)
    groups = list(session.scalars(query))
    counted: dict[str, dict[JobState, int]] = {group.id: {} for group in groups}
    counts = (
        select(Job.group_id, Job.state, func.count())
        .where(Job.group_id.in_(list(counted)))
        .group_by(Job.group_id, Job.state)
    )
    for group_id, state, count in session.execute(counts):
        counted[str(group_id)][state] = count
    return [
        GroupRecord.model_validate(group).model_copy(update={"states": counted[group.id]}) for group in groups
    ]


def jobs_of(group_id: str, states: Sequence[JobState]) -> Select[str]:
    """Query of the ids of a group's jobs in some states."""
    return select(Job.id).where(Job.group_id == group_id, Job.state.in_(states))


def group_record(session: Session, group_id: str) -> GroupRecord:
    """The record of a group.

    Raises:
        NotFoundError: No group has this id.
    """
    found = group_records(session, JobGroup.id == group_id)
    if not found:
        raise NotFoundError(f"group {group_id!r} does not exist; see the groups on the page Jobs")
    return found[0]
