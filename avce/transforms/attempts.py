"""Ways to try a row with ECOS, in order, and when a row counts as solved."""

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


@dataclass(frozen=True)
class Attempt:
    """One way to try a row with ECOS.

    Attributes:
        gap: Absolute and relative tolerance of the duality gap, in the unit of the problem as it is.
        shift: Added to all scores: another path for the solver, the same solution for shift-invariant views.
        program: Cone program for n entries, where it differs from the view's first.
        feasibility: Tolerance of the constraints, of the primal and of the dual problem, likewise.
        iterations: Most steps of the interior-point method.
        scale: Of the objective while ECOS works: another path, the same solution.
        stretch: Of the right-hand sides, and so of the solution, while ECOS works.
    """

    gap: float
    shift: float = 0.0
    program: Callable[[int], ConeProgram] | None = None
    feasibility: float = 1e-9
    iterations: int = 200
    scale: float = 1.0
    stretch: float = 1.0

    @property
    def settings(self) -> dict[str, float]:
        """Keyword arguments of ECOS, such that what it calls optimal is so for the unscaled problem as well."""
        return {
            "abstol": self.gap * self.scale * self.stretch,
            "reltol": self.gap,
            # a residual is relative to its right-hand side only where this is above 1
            "feastol": self.feasibility * min(1.0, self.scale, self.stretch),
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
    *(
        Attempt(9e-10, feasibility=9e-10, scale=scale, stretch=stretch)
        for scale, stretch in (
            (0.3, 100.0),
            (3.0, 0.03),
            (1.0, 30.0),
            (1.0, 10.0),
            (0.01, 100.0),
            (100.0, 0.03),
            (3.0, 30.0),
            (1.0, 100.0),
        )
    ),
)
"""For a user's own problem, of which nothing is known but that it may be scaled.

With exponential cones ECOS stalls above 1e-9 on up to half of random rows and, asked for more, stalls there again. Scaled it
takes another path; each pair is the best for what those before it left: 9 of 30,000 rows of ten problems (2,400 stalled at
first). All are a little tighter than the first attempt, and not more, for 1e-9 is about as far as ECOS comes.
"""


def is_solved(flags: NDArray[np.int64], error: Array) -> NDArray[np.bool_]:
    """Which rows of a built-in view count as solved, from ECOS's flag and the proven bound on the error."""
    solved: NDArray[np.bool_] = ((flags == 0) & (error <= SUSPECT)) | ((flags == 10) & (error <= PROVEN))
    return solved
