"""How long a training may take, from what earlier runs took here or, before there are any, from a rough table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from avce.options import Backbone, TrainOptions
from workers.records import JobRecord
from workers.states import JobState

ROUGH_MS: dict[Backbone, tuple[float, int]] = {
    Backbone.ALEXNET: (45.0, 224),
    Backbone.RESNET18: (160.0, 224),
    Backbone.EFFICIENTNET_LITE0: (180.0, 224),
    Backbone.COMPACT: (6.0, 96),
    Backbone.INCEPTION_RESNET: (9.0, 96),
    Backbone.TINY: (1.0, 64),
}
"""Milliseconds per picture and epoch on two cores at an input size; measured once, other machines differ."""

SLOWEST = max(ROUGH_MS.values())
"""For an encoder that was not measured: rather too long than too short."""

METHOD_FACTOR = {"avce": 1.3, "caf": 1.6, "hasani": 1.0, "hasani_lstm": 1.1, "supervised": 1.0}
SOLVER_MS = {"exact": 0.0, "ecos": 1.1, "cvxpy": 5.9, "cvxpy_default": 5.9}
"""Extra milliseconds per picture for the two views."""


@dataclass(frozen=True)
class Cost:
    """An estimate and where it comes from."""

    seconds: float
    is_measured: bool


def estimate(
    options: TrainOptions, n_train: int, history: Iterable[tuple[JobRecord, Mapping[str, int]]] = ()
) -> Cost:
    """Time of a run.

    Args:
        options: Of the run to come.
        n_train: Size of its training split.
        history: Finished training jobs, each with ``{"n_train": …}`` of its data set.

    Returns:
        The median of like runs (same method, backbone and input size) scaled to this one, else the rough table.
    """
    work = n_train * options.epochs
    rates = []
    for job, data in history:
        past = job.options.get("train", job.options)
        same = all(
            str(past.get(name)) == str(getattr(options, name))
            for name in ("method", "backbone", "input_size")
        )
        done = data.get("n_train", 0) * int(past.get("epochs", 0) or 0)
        if same and done and job.state is JobState.SUCCEEDED and job.started_at and job.finished_at:
            rates.append((job.finished_at - job.started_at).total_seconds() / done)
    if rates:
        return Cost(median(rates) * work, is_measured=True)
    per_picture, size = ROUGH_MS.get(options.backbone, SLOWEST)
    per_picture *= (options.input_size / size) ** 2 * METHOD_FACTOR.get(options.method, 1.0)
    if options.method == "avce":
        per_picture += SOLVER_MS[options.avce.solver]
    return Cost(per_picture * work / 1000, is_measured=False)
