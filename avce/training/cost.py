"""What a training will cost: which options decide it, what was measured, and what that makes of a whole run. Torch-free.

Measured is a handful of real steps (see :mod:`avce.training.micro_run`); everything else follows from counting. A figure that
was not measured is not here.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from avce.data.batches import batch_size_for, batches_of
from avce.errors import DataError
from avce.options import CLIP_METHODS, Method, TrainOptions

VERSION = 1
"""Part of the key: raise it when the same options would be measured in another way."""

WITHOUT_EFFECT = frozenset(
    {
        "epochs", "pretrained", "dropout", "learning_rate", "head_learning_rate", "betas", "weight_decay", "schedule",
        "mse_weight", "pcc_weight", "ccc_weight", "validate_every", "early_stopping_epochs", "keep_every", "best_rule", "seed",
    }
)  # fmt: skip
"""Options that do not change what one step or one validated picture takes; any other, also a new one, does."""

WITHOUT_EFFECT_IN_AVCE = frozenset(
    {"alpha", "beta", "gamma", "weight", "ramp", "hold_push_weight", "hold_weight", "dropout_at_test"}
)


class Machine(BaseModel):
    """Where a step was measured."""

    model_config = ConfigDict(frozen=True)

    host: str
    cores: int
    threads: int
    """Compute threads that the training would use."""
    device: str
    """``cpu``, or the name of the GPU."""
    load: float
    """Mean number of processes that wanted a core in the minute before; above ``cores``, times are longer than alone."""


class Measured(BaseModel):
    """A few real steps of exactly the chosen options. Times in seconds, memory in MB (1e6 bytes)."""

    model_config = ConfigDict(frozen=True)

    at: str
    """Moment, ISO 8601 in UTC."""
    machine: Machine
    data: str
    """``prepared``: crops of the data set; ``drawn``: noise of the same shape."""
    steps: int
    """Steps behind the median; 1 where a single one takes seconds, then without a warm-up."""
    batch_size: int
    step_s: float
    """Median of a step on a batch that is at hand."""
    step_low_s: float
    """A quarter of the steps were quicker."""
    step_high_s: float
    """A quarter of the steps were slower."""
    load_s: float
    """Median to make a batch of crops that are decoded already: augmentation and normalisation."""
    decode_picture_s: float
    """To decode one crop, which the first epoch does."""
    validate_picture_s: float
    """To read, decode and predict one picture."""
    solver: str | None
    """What solved the two views; ``None`` for methods without views."""
    solver_s: float
    """Of a step: both views, forward and backward, as often as the step asks for them."""
    peak_mb: float
    """Largest resident memory of a process that does nothing but this training."""
    gpu_mb: float | None = None
    """Largest memory taken on the GPU."""


@dataclass(frozen=True)
class Cost:
    """What a run will take, all of it from a :class:`Measured`.

    Attributes:
        steps: Of the whole run.
        first_epoch_s: The first epoch decodes the crops as well.
        epoch_s: Each later epoch, its share of the validations included.
        total_s: The whole run.
        low_s: The whole run at the pace of the lower quartile of the steps.
        high_s: At that of the upper quartile.
        solver_s: Of ``total_s``: both views, forward and backward.
        memory_mb: Peak, with the decoded crops that later epochs keep at hand.
    """

    steps: int
    first_epoch_s: float
    epoch_s: float
    total_s: float
    low_s: float
    high_s: float
    solver_s: float
    memory_mb: float

    @property
    def solver_share(self) -> float:
        """Share of the run's time that the views take."""
        return self.solver_s / self.total_s if self.total_s else 0.0


def cost_key(options: TrainOptions, crop_side: int, n_train: int) -> str:
    """Names all trainings whose steps cost the same: the options that matter, the crops' side, the real batch."""
    values = options.model_dump(mode="json", exclude=set(WITHOUT_EFFECT) | {"avce"})
    values["batch_size"] = batch_size_for(n_train, options.batch_size)
    if options.method not in CLIP_METHODS:
        values.pop("clip_length")  # what was measured before there was such an option still counts
    if options.method is Method.AVCE:
        values["avce"] = options.avce.model_dump(mode="json", exclude=set(WITHOUT_EFFECT_IN_AVCE))
    whole: dict[str, Any] = {"version": VERSION, "options": values, "crop": crop_side}
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:24]


def steps_per_epoch(options: TrainOptions, n_train: int) -> int:
    """Batches of an epoch."""
    return batches_of(n_train, batch_size_for(n_train, options.batch_size))


def validations(options: TrainOptions, n_train: int) -> int:
    """How often a whole run validates."""
    steps = steps_per_epoch(options, n_train)
    return math.ceil(steps * options.epochs / (options.validate_every or steps))


def solver_seconds(step_solver_s: float, options: TrainOptions, n_train: int) -> float:
    """Time of the views over a whole run, from that of one step."""
    return step_solver_s * steps_per_epoch(options, n_train) * options.epochs


def cost_of(measured: Measured, options: TrainOptions, n_train: int, n_val: int, crop_side: int) -> Cost:
    """What the run will take.

    Args:
        measured: Of options with the same :func:`cost_key`.
        options: Of the run; early stopping can only make it shorter.
        n_train: Size of the training split.
        n_val: Size of the validation split.
        crop_side: Side of the stored crops in pixels.

    Raises:
        DataError: The training split is too small for a step.
    """
    from avce.data.views import resized_side  # noqa: PLC0415 (OpenCV: pages that show no cost do not wait for it)

    steps = steps_per_epoch(options, n_train)
    if not steps:
        raise DataError(f"n_train: expected at least 2 samples to train on, got {n_train}")
    judged = n_val * validations(options, n_train) / options.epochs
    other_s = steps * measured.load_s + judged * measured.validate_picture_s
    decode_s = n_train * measured.decode_picture_s
    low, middle, high = (
        steps * step_s + other_s for step_s in (measured.step_low_s, measured.step_s, measured.step_high_s)
    )
    kept_side = min(resized_side(options.input_size), crop_side)
    return Cost(
        steps=steps * options.epochs,
        first_epoch_s=middle + decode_s,
        epoch_s=middle,
        total_s=options.epochs * middle + decode_s,
        low_s=options.epochs * low + decode_s,
        high_s=options.epochs * high + decode_s,
        solver_s=solver_seconds(measured.solver_s, options, n_train),
        memory_mb=measured.peak_mb + n_train * kept_side**2 * 3 / 1e6,
    )


def side_by_side(totals_s: list[float], n_workers: int) -> float:
    """Time of several runs that ``n_workers`` take from one queue in turn.

    It assumes that a run is as quick beside others as alone, which holds for workers on machines of their own.
    """
    free_at = [0.0] * max(1, n_workers)
    for total_s in totals_s:
        first = free_at.index(min(free_at))
        free_at[first] += total_s
    return max(free_at)
