"""The table of named views: ways to map a feature onto the simplex."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Literal, Protocol

from torch import Tensor

from avce.errors import OptionError
from avce.transforms import exact

Solver = Literal["exact", "ecos", "cvxpy", "cvxpy_default"]


class View(Protocol):
    """Maps scores to probabilities on the last axis, by one of the solvers it offers."""

    @property
    def solvers(self) -> tuple[Solver, ...]:
        """Ways to compute it, best first."""

    def __call__(self, scores: Tensor, *, solver: Solver) -> Tensor:
        """Same shape, dtype and device as ``scores``; ``-inf`` masks an entry."""


class _BuiltIn:
    """A view with a closed form and, where there is one, a convex program."""

    def __init__(self, name: str, closed_form: Callable[[Tensor], Tensor], *, has_program: bool) -> None:
        self.name, self.closed_form = name, closed_form
        self.solvers: tuple[Solver, ...] = (
            ("exact", "ecos", "cvxpy", "cvxpy_default") if has_program else ("exact",)
        )

    def __call__(self, scores: Tensor, *, solver: Solver) -> Tensor:
        if solver == "exact":
            return self.closed_form(scores)
        conic = import_module(
            "avce.transforms.conic"
        )  # cvxpy takes a second to import; only those who ask wait
        solved: Tensor = conic.BUILT_IN[self.name](scores, solver=solver)
        return solved


VIEWS: dict[str, View] = {
    "sparsemax": _BuiltIn("sparsemax", exact.sparsemax, has_program=True),
    "softmax": _BuiltIn("softmax", exact.softmax, has_program=True),
    "entmax15": _BuiltIn("entmax15", exact.entmax15, has_program=False),
}
"""Views by name. :func:`avce.transforms.register_cvxpy_view` adds the user's own."""


def transform(
    scores: Tensor,
    *,
    view: str = "sparsemax",
    solver: Solver = "exact",
    dim: int = -1,
    mask: Tensor | None = None,
) -> Tensor:
    """Map scores onto the simplex by a named view.

    Args:
        scores: z, shape ``(*, n)``, floating; ``-inf`` masks an entry.
        view: Name in :data:`VIEWS`.
        solver: ``exact`` closed form, ``ecos`` called directly on matrices built once, ``cvxpy`` one problem per row
            solved by ECOS, ``cvxpy_default`` the same by the solver that CVXPY picks (as in the authors' code; for
            SparseMax OSQP, which is off by up to 3e-5).
        dim: Axis of length n >= 1.
        mask: Boolean, broadcastable; False masks an entry.

    Returns:
        Same shape, dtype and device; differentiable by every solver.

    Raises:
        OptionError: No such view, or it has no such solver.
        ShapeError: Empty or zero-dimensional input.
        DomainError: A ``nan``, a ``+inf`` or a fully masked row.
        SolverError: A solver did not reach the optimum; names row and status.
    """
    chosen = check_view(view, solver)
    exact.check_scores(scores, dim)
    scores = exact.apply_mask(scores, mask)
    return chosen(scores.movedim(dim, -1), solver=solver).movedim(-1, dim)


def check_view(view: str, solver: Solver) -> View:
    """The view, if it exists and offers the solver.

    Raises:
        OptionError: Otherwise, naming what there is.
    """
    found = _known(view)
    if solver not in found.solvers:
        raise OptionError(f"solver: view {view!r} offers {', '.join(found.solvers)}, got {solver!r}")
    return found


def best_solver(view: str) -> Solver:
    """The closed form where there is one, else the view's first way.

    Raises:
        OptionError: No such view.
    """
    return _known(view).solvers[0]


def _known(view: str) -> View:
    if view not in VIEWS:
        raise OptionError(
            f"view: expected one of {', '.join(VIEWS)}, got {view!r}; one of your own is registered by a Python file, named"
            " with --views, for workers with AVCE_VIEW_FILES"
        )
    return VIEWS[view]
