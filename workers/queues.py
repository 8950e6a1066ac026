"""Which kind of job travels on which queue; the Procfile starts one worker per queue."""

from __future__ import annotations

from enum import StrEnum

from workers.states import JobKind


class Queue(StrEnum):
    """Celery queues."""

    DATASETS = "datasets"
    TRAINING = "training"
    EVALUATION = "evaluation"
    VIDEO = "video"
    FIGURES = "figures"


QUEUE_OF_KIND: dict[JobKind, Queue] = {
    JobKind.IMPORT: Queue.DATASETS,
    JobKind.SYNTH: Queue.DATASETS,
    JobKind.TRAIN: Queue.TRAINING,
    JobKind.EVALUATE: Queue.EVALUATION,
    JobKind.ANALYZE: Queue.VIDEO,
    JobKind.SEGMENT: Queue.VIDEO,
    JobKind.MAPS: Queue.FIGURES,
    JobKind.INSPECT: Queue.FIGURES,
    JobKind.POSTER: Queue.FIGURES,
    JobKind.OVERLAY: Queue.FIGURES,
    # not with the trainings: one wants to know before the one that runs has ended
    JobKind.COST: Queue.FIGURES,
}
