"""Ways to try a row with ECOS, one after the other, and when a row counts as solved.

No attempt is looser than the one before it, and no result is accepted that is not proven to be as good as promised here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avce.transforms import programs
from avce.transforms.cone import Array, ConeProgram

PROVEN = 1e-6
"""A result that its optimality conditions prove to be this close passes with flag 10 (reduced accuracy) as well."""
SUSPECT = 1e-5
"""A result that they do not prove to be at least this close fails, whatever the flag says: the flag would be lying."""
OWN_RESIDUAL = 1e-8
"""A user's own problem leaves no more than this of its optimality conditions: the tolerances of ECOS itself."""


@dataclass(frozen=True)
class Attempt:
    """One way to try a row with ECOS.

    Attributes:
        gap: Absolute and relative tolerance of the duality gap, in the unit of the problem's objective.
        shift: Added to all scores: another path for the solver, the same solution for shift-invariant views.
        program: Cone program for n entries, where it differs from the view's first.
        feasibility: Tolerance of the constraints.
        iterations: Most steps of the interior-point method.
        scale: Of the objective, for problems of which nothing is known: another path, the same solution.
    """

    gap: float
    shift: float = 0.0
    program: Callable[[int], ConeProgram] | None = None
    feasibility: float = 1e-9
    iterations: int = 200
    scale: float = 1.0

    @property
    def settings(self) -> dict[str, float]:
        """Keyword arguments of ECOS."""
        return {
            "abstol": self.gap * self.scale,
            "reltol": self.gap,
            "feastol": self.feasibility,
            "max_iters": self.iterations,
        }


SPARSEMAX = (
    Attempt(3e-12),
    Attempt(1e-12, -5.0),
    Attempt(1e-12, 2.0),
)

SOFTMAX = (
    Attempt(1e-9),
    Attempt(1e-11, program=programs.entropy_program),
    Attempt(1e-11, 3.0),
    Attempt(1e-12, -3.0, programs.entropy_program),
    Attempt(1e-12, 10.0),
)

OWN = (
    Attempt(1e-9),
    *(Attempt(5e-10, feasibility=5e-10, scale=scale) for scale in (30.0, 0.3, 0.1, 300.0, 3.0, 0.01)),
)
"""For a user's own problem, of which only the objective's scale can be changed.

With exponential cones ECOS stalls above 1e-9 on up to a fifth of random rows, mostly within :data:`OWN_RESIDUAL`. The
rest stall again, at the same place, when the tolerance alone is tightened; from another scale ECOS takes another path.
"""


def is_solved(flags: NDArray[np.int64], error: Array) -> NDArray[np.bool_]:
    """Which rows of a built-in view count as solved, from ECOS's flag and the proven bound on the error."""
    solved: NDArray[np.bool_] = ((flags == 0) & (error <= SUSPECT)) | ((flags == 10) & (error <= PROVEN))
    return solved


def is_own_solved(flags: NDArray[np.int64], residual: Array) -> NDArray[np.bool_]:
    """Which rows of a user's own problem do, from ECOS's flag and what it left of the optimality conditions."""
    solved: NDArray[np.bool_] = np.isin(flags, (0, 10)) & (residual <= OWN_RESIDUAL)
    return solved
