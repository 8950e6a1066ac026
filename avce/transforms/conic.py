"""The views by convex solvers: ECOS on matrices built once, or one CVXPY problem per row.

Nothing that a solver did not prove optimal is returned. A row counts as solved when ECOS's exit flag says "optimal" at
tolerances far tighter than its defaults, and for the built-in views the optimality conditions are checked on the result
besides (:func:`avce.transforms.attempts.is_solved`). Other rows are tried again at tighter settings, from shifted scores or
with the problem scaled. ECOS stalls on about one degenerate SparseMax row in 100,000, just outside 1e-6: there a cross-over
from its interior point to the vertex is tried, and checked likewise. What is left raises
:class:`avce.errors.SolverError`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import cvxpy as cp
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import FunctionCtx, once_differentiable
from torch.nn.functional import pad

from avce.errors import DomainError, OptionError, SolverError
from avce.transforms import attempts, programs
from avce.transforms.attempts import Attempt, is_solved
from avce.transforms.compile import compile_cvxpy
from avce.transforms.cone import STATUS, Array, ConeProgram, Solutions
from avce.transforms.programs import CvxpyProblem, Reduced
from avce.transforms.views import VIEWS, Solver

BLOCK = 64
"""Most entries of a SoftMax that ECOS solves at once; of several hundred it fails on half the rows after a ReLU."""


@dataclass(frozen=True)
class Knowledge:
    """What a built-in view knows of its problem; see :mod:`avce.transforms.programs`.

    ``separates``: Over blocks of entries, by the chain rule of its entropy; see :meth:`ConicView._in_blocks`.
    """

    program: Callable[[int], ConeProgram]
    reduce: Callable[[Array], Reduced]
    error: Callable[[Array, Array], Array]
    optimum: Callable[[Array, Array], tuple[Array, Array]]
    cross_over: Callable[[Array, Array], Array] | None = None
    separates: bool = False


class ConicView:
    """A view computed by a convex solver.

    Args:
        name: For error messages.
        problem: The CVXPY problem for n entries.
        attempts: Ways to try a row, in order.
        known: What is known of a view on the simplex that ignores a shift of all scores. Without it (a user's own
            problem) the solver's flag and multipliers are all there is, and masks are refused.
    """

    def __init__(
        self,
        name: str,
        problem: Callable[[int], CvxpyProblem],
        attempts: Sequence[Attempt],
        known: Knowledge | None = None,
    ) -> None:
        self.name, self.attempts, self.known = name, tuple(attempts), known
        # of other solvers than ECOS no multipliers are at hand, which gradients of unknown problems need
        self.solvers: tuple[Solver, ...] = (
            ("ecos", "cvxpy") if known is None else ("ecos", "cvxpy", "cvxpy_default")
        )
        self.problem = lru_cache(maxsize=32)(problem)
        self.compiled = lru_cache(maxsize=32)(lambda n: compile_cvxpy(*self.problem(n), name=name))

    def __call__(self, scores: Tensor, *, solver: Solver) -> Tensor:
        """See :func:`avce.transforms.transform`; scores along the last axis."""
        if solver not in self.solvers:
            raise OptionError(f"solver: view {self.name!r} offers {', '.join(self.solvers)}, got {solver!r}")
        flat = scores.reshape(-1, scores.shape[-1])
        if solver == "ecos" and self.known is not None and self.known.separates and flat.shape[1] > BLOCK:
            return self._in_blocks(flat).reshape(scores.shape)
        result: Tensor = _ConicFunction.apply(flat, self, solver, 1)  # type: ignore[no-untyped-call]
        return result.reshape(scores.shape)

    def _in_blocks(self, scores: Tensor) -> Tensor:
        """Blocks of entries first, then the blocks' shares, ``(B, n) -> (B, n)``.

        Entropy's chain rule, H(p) = H(P) + Σ P_b H(p within b), separates SoftMax's problem: within a block p is the
        block's own SoftMax, and P that of the values ``t_b = log Σ e^z``, each read off its solved block as z − log p.
        """
        self._check(scores.detach().cpu().double().numpy())
        rows, n = scores.shape
        count = -(-n // BLOCK)
        wide = scores.to("cpu", torch.float64)
        below = (wide - wide.detach().amax(1, keepdim=True)).clamp(min=programs.floor(n))
        blocks = pad(below, (0, count * BLOCK - n), value=-torch.inf).reshape(rows * count, BLOCK)
        within: Tensor = _ConicFunction.apply(blocks, self, "ecos", count)  # type: ignore[no-untyped-call]
        top = blocks.detach().argmax(1, keepdim=True)
        values = blocks.gather(1, top) - within.gather(1, top).log()
        shares = self(values.reshape(rows, count), solver="ecos")
        p = (within.reshape(rows, count, BLOCK) * shares[..., None]).reshape(rows, count * BLOCK)
        return p[:, :n].to(scores).masked_fill(torch.isneginf(scores), 0)

    def solve(self, z: Array, solver: Solver, parts: int = 1) -> Solutions:
        """Solutions of all rows, with slack and multipliers for their gradients.

        Args:
            z: Scores, ``(B, n)``.
            solver: One of :attr:`solvers`. ``cvxpy_default`` is believed where CVXPY says "optimal".
            parts: How many of these rows make up one of the caller's, for error messages.

        Raises:
            SolverError: A row that no attempt solved; names it and the last status.
            DomainError: A ``nan``, a ``+inf``, or a mask where none is allowed.
        """
        masked = self._check(z)
        if self.known is not None:
            z = np.maximum(z - z.max(axis=1, keepdims=True), programs.floor(z.shape[1]))
        if solver == "cvxpy_default":
            p = _solve_rows_as_cvxpy_likes(self.name, self.problem(z.shape[1]), z)
            return Solutions(
                np.where(masked, 0, p), empty := np.zeros((len(z), 0)), empty, np.zeros(len(z), np.int64)
            )
        total, left = self._try(self.attempts[0], z, solver), np.arange(len(z))
        found = total
        for attempt in (*self.attempts[1:], None):
            good = self._is_solved(found, z[left])
            total.put(left[good], found.chosen(good))
            left, found = left[~good], found.chosen(~good)
            if not len(left):
                break
            found = (
                self._cross_over(found, z[left]) if attempt is None else self._try(attempt, z[left], solver)
            )
        good = self._is_solved(found, z[left])
        total.put(left[good], found.chosen(good))
        if not good.all():
            self._complain(solver, left[~good] // parts, found.flags[~good], len(z) // parts)
        return replace(total, p=np.where(masked, 0, total.p))

    def vjp(self, found: Solutions, z: Array, grad: Array) -> Array:
        """Jᵀ g of each row by implicit differentiation, ``(B, n)``."""
        if self.known is None:
            return self.compiled(z.shape[1]).vjp(found.slack, found.dual, grad)
        slack, dual = self.known.optimum(found.p, np.where(np.isneginf(z), -1e300, z))
        return self.known.program(z.shape[1]).vjp(slack, dual, grad)

    def _check(self, z: Array) -> NDArray[np.bool_]:
        masked = np.isneginf(z)
        undefined = np.isnan(z).any(axis=1) | np.isposinf(z).any(axis=1)
        undefined |= masked.any(axis=1) if self.known is None else masked.all(axis=1)
        if undefined.any():
            masks = "" if self.known is None else " (or -inf for masked ones, at least one left)"
            raise DomainError(
                f"{self.name}: expected finite scores{masks}; row {int(np.flatnonzero(undefined)[0])} holds others"
            )
        return masked

    def _is_solved(self, found: Solutions, z: Array) -> NDArray[np.bool_]:
        if self.known is None:
            return np.equal(found.flags, 0)
        return is_solved(found.flags, self.known.error(found.p, z))

    def _cross_over(self, found: Solutions, z: Array) -> Solutions:
        """Last resort for rows that ECOS left "close to optimal": from its interior point to the vertex next to it."""
        if self.known is None or self.known.cross_over is None:
            return found
        return replace(found, p=self.known.cross_over(found.p, z))

    def _complain(
        self, solver: Solver, rows: NDArray[np.int64], flags: NDArray[np.int64], total: int
    ) -> None:
        status = STATUS.get(int(flags[0]), f"flag {flags[0]}")
        if flags[0] == 0:
            status = "optimal, which its optimality conditions contradict"
        raise SolverError(
            f"{self.name} by {solver}: row {rows[0]} of {total} ended with status '{status}' after"
            f" {len(self.attempts)} attempts at different settings ({len(set(rows))} such rows); look at that row's"
            " scores, or use solver='exact' where the view offers it"
        )

    def _try(self, attempt: Attempt, z: Array, solver: Solver) -> Solutions:
        n = z.shape[1]
        if solver == "cvxpy" and attempt.scale == attempt.stretch == 1:
            found = _solve_rows(self.problem(n), z + attempt.shift, len(self.compiled(n).G), attempt.settings)
        elif self.known is None:
            found = self.compiled(n).solve(
                z, scale=attempt.scale, stretch=attempt.stretch, **attempt.settings
            )
        else:
            found = _solve_reduced(attempt.program or self.known.program, self.known.reduce(z), attempt)
        if self.known is None:
            return found
        p = np.maximum(found.p, 0)
        p /= np.maximum(p.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        return replace(found, p=p)


def _solve_reduced(program: Callable[[int], ConeProgram], reduced: Reduced, attempt: Attempt) -> Solutions:
    """Solve rows of different sizes, each size with its own matrices; a row of one entry needs no solver."""
    scores, sizes, restore = reduced
    shares, flags = np.zeros_like(scores), np.zeros(len(scores), np.int64)
    shares[sizes == 1, 0] = 1
    for size in np.unique(sizes[sizes > 1]):
        rows = np.flatnonzero(sizes == size)
        found = program(int(size)).solve(scores[rows, :size] + attempt.shift, **attempt.settings)
        shares[rows, :size], flags[rows] = found.p, found.flags
    empty = np.zeros((len(scores), 0))
    return Solutions(restore(shares), empty, empty, flags)


def _solve_rows(problem: CvxpyProblem, z: Array, m: int, settings: dict[str, float]) -> Solutions:
    """The poster's way: set the parameter, solve, next row."""
    program, parameter, variable = problem
    p, flags = np.zeros_like(z), np.full(len(z), -2, np.int64)
    slack, dual = np.zeros((len(z), m)), np.zeros((len(z), m))
    for row, scores in enumerate(z):
        parameter.value = scores
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # "may be inaccurate" is read from the flag below
                program.solve(solver=cp.ECOS, **settings)  # type: ignore[no-untyped-call]
        except cp.error.SolverError:  # the flag stays: numerical problems
            continue
        raw: Any = program.solver_stats.extra_stats  # what ECOS itself returned
        flags[row], slack[row], dual[row] = raw["info"]["exitFlag"], raw["s"], raw["z"]
        if variable.value is not None:
            p[row] = variable.value
    return Solutions(p, slack, dual, flags)


def _solve_rows_as_cvxpy_likes(name: str, problem: CvxpyProblem, z: Array) -> Array:
    """The authors' way: which solver, and how exact it is, is left to CVXPY."""
    program, parameter, variable = problem
    p = np.zeros_like(z)
    for row, scores in enumerate(z):
        parameter.value = scores
        try:
            program.solve()  # type: ignore[no-untyped-call]
        except cp.error.SolverError as error:
            raise SolverError(f"{name} by cvxpy_default: row {row} of {len(z)} failed ({error})") from error
        if program.status != cp.OPTIMAL:
            raise SolverError(
                f"{name} by cvxpy_default: row {row} of {len(z)} ended with status '{program.status}'; look at that row's"
                " scores, or use solver='exact'"
            )
        p[row] = variable.value
    return p


class _ConicFunction(Function):
    """Solve on the CPU in float64; differentiate the solver's own optimality conditions."""

    @staticmethod
    def forward(ctx: FunctionCtx, scores: Tensor, view: ConicView, solver: Solver, parts: int) -> Tensor:
        z = scores.detach().cpu().double().numpy()
        found = view.solve(z, solver, parts)
        ctx.backwards = partial(view.vjp, found, z)  # type: ignore[attr-defined]
        return torch.from_numpy(found.p).to(scores)

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        moved = ctx.backwards(grads[0].detach().cpu().double().numpy())  # type: ignore[attr-defined]
        return torch.from_numpy(moved).to(grads[0]), None, None, None


BUILT_IN = {
    "sparsemax": ConicView(
        "sparsemax",
        programs.sparsemax_problem,
        attempts.SPARSEMAX,
        Knowledge(
            programs.sparsemax_program,
            programs.reduce_sparsemax,
            programs.sparsemax_error,
            programs.sparsemax_optimum,
            programs.sparsemax_cross_over,
        ),
    ),
    "softmax": ConicView(
        "softmax",
        programs.softmax_problem,
        attempts.SOFTMAX,
        Knowledge(
            programs.log_sum_exp_program,
            programs.reduce_softmax,
            programs.softmax_error,
            programs.softmax_optimum,
            separates=True,
        ),
    ),
}
"""The poster's two views."""


def register_cvxpy_view(name: str, build: Callable[[int], CvxpyProblem]) -> None:
    """Add a view written as a CVXPY problem; it can be trained with by its name at once.

    ECOS solves it, on matrices compiled once per n (``solver="ecos"``) or through CVXPY row by row
    (``solver="cvxpy"``; what fails there is tried again on the matrices); gradients come from implicit
    differentiation. Example, SparseMax with no share above .4::

        def capped(n):
            z, p = cp.Parameter(n), cp.Variable(n)
            objective = cp.Maximize(z @ p - cp.sum_squares(p) / 2)
            return cp.Problem(objective, [p >= 0, cp.sum(p) == 1, p <= 0.4]), z, p

        register_cvxpy_view("capped", capped)

    Args:
        name: New name for :data:`avce.transforms.VIEWS`.
        build: For n entries: the problem, its parameter z and its variable p. z may enter the objective linearly and
            right-hand sides; p is declared without attributes (state ``p >= 0`` as a constraint).

    Raises:
        OptionError: The name is taken, or the problem is not of that kind.
    """
    if name in VIEWS:
        raise OptionError(f"view: {name!r} is taken (there are {', '.join(VIEWS)}); choose another name")
    view = ConicView(name, build, attempts.OWN)
    view.compiled(4)
    VIEWS[name] = view
