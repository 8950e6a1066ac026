"""How long a view takes on a batch, forward and backward, whichever way it is solved."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from avce.transforms.views import Solver, transform

REPEATS = 7
LONGEST_S = 2.0
"""Timing of one thing stops after this long."""


def median_s(work: Callable[[], object], *, longest_s: float = LONGEST_S) -> float:
    """Median time of some work, after one run that is not counted; one that takes too long counts itself."""
    begun = time.perf_counter()
    work()
    times = [time.perf_counter() - begun]
    if times[0] < longest_s / 2:
        times.clear()
    while len(times) < REPEATS and (not times or time.perf_counter() - begun < longest_s):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def view_step_s(z: Tensor, view: str, solver: Solver, *, longest_s: float = LONGEST_S) -> float:
    """Seconds that a training step spends in one view: forward, and backward to z.

    Args:
        z: Features of a batch, shape ``(n, d)``.
        view: Name in :data:`avce.transforms.VIEWS`.
        solver: How it is solved.
        longest_s: Stop repeating after this long.
    """
    z = z.detach().float()
    push = torch.rand(z.shape, generator=torch.Generator().manual_seed(0)).to(z.device)

    def work() -> None:
        at = z.clone().requires_grad_()
        transform(at, view=view, solver=solver).backward(push)  # type: ignore[no-untyped-call]
        if z.is_cuda:
            torch.cuda.synchronize()

    return median_s(work, longest_s=longest_s)
