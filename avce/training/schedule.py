"""Learning rates as pure functions of the iteration, so that a resumed run needs no scheduler state."""

from __future__ import annotations

import math
from collections.abc import Callable

from avce.errors import OptionError

WARM_UP_SHARE = 0.15
POSTER_MILESTONES = (5_000, 25_000, 45_000, 65_000, 85_000)
POSTER_DECAY = 0.8
CAF_STEP = 5_000
CAF_DECAY = 0.9


def _one_cycle(step: int, total: int) -> float:
    """Rise from 1/25 to 1 over the warm-up, then fall to 1e-4 of the start, both along cosines (Smith 2018)."""
    warm_up = max(1.0, WARM_UP_SHARE * total)
    if step < warm_up:
        return _between(1 / 25, 1.0, step / warm_up)
    return _between(1.0, 4e-6, (step - warm_up) / max(1.0, total - warm_up))


def _between(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * min(1.0, share))) / 2


def _cosine(step: int, total: int) -> float:
    return _between(1.0, 0.0, step / max(1, total))


def _poster_multistep(step: int, total: int) -> float:
    """The authors' MultiStep schedule: times .8 at fixed iterations, whatever the length of the run."""
    del total
    return float(POSTER_DECAY ** sum(step >= milestone for milestone in POSTER_MILESTONES))


def _caf_step(step: int, total: int) -> float:
    """CAF's StepLR in the authors' code: times .9 after every 5,000 iterations, whatever the length of the run."""
    del total
    return float(CAF_DECAY ** (step // CAF_STEP))


def _constant(step: int, total: int) -> float:
    del step, total
    return 1.0


SCHEDULES: dict[str, Callable[[int, int], float]] = {
    "one_cycle": _one_cycle,
    "cosine": _cosine,
    "poster_multistep": _poster_multistep,
    "caf_step": _caf_step,
    "constant": _constant,
}


def learning_rate_factor(schedule: str, step: int, total: int) -> float:
    """Share of the peak learning rate to use at ``step`` of ``total``.

    Args:
        schedule: Key of :data:`SCHEDULES`.
        step: Iteration, counted from 0.
        total: Iterations of the whole run.

    Raises:
        OptionError: Unknown schedule.
    """
    if schedule not in SCHEDULES:
        raise OptionError(f"schedule: expected one of {', '.join(SCHEDULES)}, got {schedule!r}")
    return SCHEDULES[schedule](step, total)
