"""Names of job kinds and states, shared with the dashboard (no heavy imports)."""

from __future__ import annotations

from enum import StrEnum


class JobState(StrEnum):
    """``queued → running → succeeded | failed | cancelled``; an expired lease leads back to ``queued``.

    ``paused`` is beside the road: from ``queued`` or ``running``, by a person, and back to ``queued``.
    """

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether a job in this state will not change by itself."""
        return self in {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}


ENDED_BADLY = frozenset({JobState.FAILED, JobState.CANCELLED})
"""Ended without what the job was for; it can be retried."""


class JobKind(StrEnum):
    """What a job does; each kind has one task and one queue (see :mod:`workers.queues`)."""

    IMPORT = "import"
    SYNTH = "synth"
    TRAIN = "train"
    EVALUATE = "evaluate"
    ANALYZE = "analyze"
    SEGMENT = "segment"
    MAPS = "maps"
    INSPECT = "inspect"
    POSTER = "poster"
    OVERLAY = "overlay"
    COST = "cost"


PAUSABLE = frozenset({JobKind.TRAIN, JobKind.ANALYZE, JobKind.IMPORT})
"""Kinds whose next attempt goes on where the last one was; others can be paused only while they wait."""
