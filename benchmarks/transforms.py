"""The three ways to the two views: how fast each is on 256 × 32, and how exact ECOS is on 100,000 rows.

Figures, all from one run:

- ``exact_vs_cvxpy_rows``, ``ecos_vs_cvxpy_rows``: time of one CVXPY problem per row (solver ECOS, the problem built once
  and its parameter set for each row) over the time of the closed form, and of ECOS on matrices built once; both views.
- ``exact_vs_entmax``: time of entmax's SparseMax over ours.
- ``max_abs_error_ecos``: largest difference of ``ecos`` from ``exact`` over 100,000 rows of each view.
- ``silent_failures``: rows that came back more than 1e-6 off, or as nan; ``loud_failures``: rows that raised SolverError.
"""

from __future__ import annotations

from typing import Any

import entmax
import torch
from torch import Tensor

from avce.errors import SolverError
from avce.transforms import Solver, sparsemax, transform
from benchmarks._report import median_seconds, run

BATCH, DIM = 256, 32
ROWS = 100_000
CHUNK = 1000
TOLERANCE = 1e-6
VIEWS = ("sparsemax", "softmax")


def measure(rows: int = ROWS) -> dict[str, Any]:
    """All figures, and the times behind them."""
    return {**times(), **errors(rows)}


def times() -> dict[str, Any]:
    """Speed of each way on one batch of ReLU normals."""
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(BATCH, DIM, generator=generator).relu()

    def both(solver: Solver) -> None:
        for view in VIEWS:
            transform(scores, view=view, solver=solver)

    exact_s = median_seconds(lambda: both("exact"), repeats=2000, warm_up=200)
    ecos_s = median_seconds(lambda: both("ecos"), repeats=15)
    rows_s = median_seconds(lambda: both("cvxpy"), repeats=5)
    ours_s, theirs_s = _alternating(scores)
    return {
        "exact_vs_cvxpy_rows": rows_s / exact_s,
        "ecos_vs_cvxpy_rows": rows_s / ecos_s,
        "exact_vs_entmax": theirs_s / ours_s,
        "exact_s": exact_s,
        "ecos_s": ecos_s,
        "cvxpy_rows_s": rows_s,
    }


def _alternating(scores: Tensor, rounds: int = 20) -> tuple[float, float]:
    """Ours and entmax's SparseMax in turns, so that both see the same moods of the machine; the median of each."""
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(median_seconds(lambda: sparsemax(scores), repeats=100, warm_up=10))
        theirs.append(median_seconds(lambda: entmax.sparsemax(scores, dim=-1), repeats=100, warm_up=10))
    return sorted(ours)[rounds // 2], sorted(theirs)[rounds // 2]


def random_rows(count: int, generator: torch.Generator) -> Tensor:
    """A mixture: ReLU normals, ties, all zeros, scales from 1e-4 to 1e4; float64."""
    normal = torch.randn(count, DIM, generator=generator, dtype=torch.float64)
    kind = torch.randint(0, 10, (count, 1), generator=generator)
    scale = 10 ** (8 * torch.rand(count, 1, generator=generator, dtype=torch.float64) - 4)
    ties = (4 * normal.relu()).round() / 4
    rows = torch.where(kind < 4, normal.relu(), torch.where(kind < 6, ties, normal * scale))
    return torch.where(kind == 9, torch.zeros_like(rows), rows)


def errors(rows: int) -> dict[str, Any]:
    """How far ``ecos`` is from ``exact``, and how often it fails, silently or not."""
    generator = torch.Generator().manual_seed(1)
    worst, silent, loud = 0.0, 0, 0
    for start in range(0, rows, CHUNK):
        scores = random_rows(min(CHUNK, rows - start), generator)
        for view in VIEWS:
            exact = transform(scores, view=view)
            for at in range(0, len(scores), 100):
                target = exact[at : at + 100]
                found, has_raised = _solve(scores[at : at + 100], view)
                loud += int(has_raised.sum())
                off, wrong = _off(found[~has_raised], target[~has_raised])
                worst, silent = max(worst, off), silent + wrong
    return {
        "max_abs_error_ecos": worst,
        "silent_failures": silent,
        "loud_failures": loud,
        "rows_per_view": rows,
    }


def _off(found: Tensor, target: Tensor) -> tuple[float, int]:
    """Largest error of the rows that have numbers, and how many rows are not within :data:`TOLERANCE`."""
    error = (found - target).abs().amax(1)
    known = error[~error.isnan()]
    return float(known.amax()) if len(known) else 0.0, int((~(error <= TOLERANCE)).sum())


def _solve(scores: Tensor, view: str) -> tuple[Tensor, Tensor]:
    """Solutions by ECOS, and which rows raised; where a batch raises, its rows are taken one by one."""
    try:
        return transform(scores, view=view, solver="ecos"), torch.zeros(len(scores), dtype=torch.bool)
    except SolverError:
        if len(scores) == 1:
            return torch.full_like(scores, torch.nan), torch.ones(1, dtype=torch.bool)
    parts = [_solve(row, view) for row in scores[:, None]]
    return torch.cat([found for found, _ in parts]), torch.cat([raised for _, raised in parts])


if __name__ == "__main__":
    run("Speed and exactness of the transforms", measure)
