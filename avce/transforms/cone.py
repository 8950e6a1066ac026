r"""Cone programs whose data move linearly with the scores: solved by ECOS, differentiated implicitly.

.. math:: \min_x c^\top x \quad\text{s.t.}\quad Ax=b,\; Gx+s=h,\; s\in K

A and G are fixed and built once; c, b and h are affine in z. K is ECOS's product of the positive orthant, second
order cones and exponential cones :math:`\{(x,y,z): z e^{x/z}\le y\}`, in this order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import ecos
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Array = NDArray[np.float64]

STATUS = {
    0: "optimal",
    1: "primal infeasible",
    2: "dual infeasible",
    10: "optimal to reduced accuracy only",
    11: "primal infeasible, reduced accuracy",
    12: "dual infeasible, reduced accuracy",
    -1: "iteration limit",
    -2: "numerical problems",
    -3: "search direction outside the cone",
    -4: "interrupted",
    -7: "internal error",
}
"""ECOS's exit flags in words."""

_LARGE = 1e8  # a sensitivity beyond this comes from a singular system, not from a solution
_MOST_NUMBERS = 32_000_000  # of the systems of one batch, 256 MB; more rows are taken in turns


@dataclass(frozen=True)
class Affine:
    """offset + slope @ z for a batch: ``(k,)`` and ``(k, n)``."""

    offset: Array
    slope: Array

    def __call__(self, z: Array) -> Array:
        """``(B, n) -> (B, k)``."""
        moved: Array = np.ascontiguousarray(self.offset + z @ self.slope.T)
        return moved


@dataclass(frozen=True)
class Solutions:
    """What ECOS gave for a batch of rows.

    Attributes:
        p: The wanted part of x, ``(B, n)``.
        slack: s, ``(B, m)``.
        dual: λ, the multipliers of the cone constraints, ``(B, m)``.
        flags: Exit flags, ``(B,)``.
    """

    p: Array
    slack: Array
    dual: Array
    flags: NDArray[np.int64]

    def chosen(self, rows: NDArray[np.bool_]) -> Solutions:
        """Some of the rows."""
        return Solutions(self.p[rows], self.slack[rows], self.dual[rows], self.flags[rows])

    def put(self, rows: NDArray[np.int64], other: Solutions) -> None:
        """Take these rows from ``other``."""
        mine, theirs = (
            (self.p, self.slack, self.dual, self.flags),
            (other.p, other.slack, other.dual, other.flags),
        )
        for kept, new in zip(mine, theirs, strict=True):
            kept[rows] = new


@dataclass(frozen=True)
class ConeProgram:
    """One program for all rows.

    Args:
        c: Objective, as a function of z.
        G: Cone constraints, ``(m, k)``.
        h: Their right-hand side, as a function of z.
        A: Equalities, ``(q, k)``.
        b: Their right-hand side, as a function of z.
        dims: ECOS's ``{"l": …, "q": […], "e": …}``.
        columns: Where in x the wanted p lies.
    """

    c: Affine
    G: Array
    h: Affine
    A: Array
    b: Affine
    dims: dict[str, Any]
    columns: NDArray[np.int64]
    _sparse: tuple[Any, Any] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_sparse", (sparse.csc_matrix(self.G), sparse.csc_matrix(self.A)))

    def solve(self, z: Array, *, scale: float = 1.0, stretch: float = 1.0, **settings: float) -> Solutions:
        """Solve row by row; look at ``flags`` before believing anything.

        Args:
            z: Scores, ``(B, n)``.
            scale: Of the objective, and so of the multipliers, while ECOS works; what comes back is without it.
            stretch: Likewise of the right-hand sides, and so of x and s.
            settings: ECOS's ``abstol``, ``reltol``, ``feastol``, ``max_iters``.
        """
        G, A = self._sparse
        found = [
            ecos.solve(c, G, h, self.dims, A, b, verbose=False, **settings)
            for c, h, b in zip(self.c(z) * scale, self.h(z) * stretch, self.b(z) * stretch, strict=True)
        ]
        return Solutions(
            np.array([row["x"][self.columns] for row in found]).reshape(len(z), len(self.columns)) / stretch,
            np.array([row["s"] for row in found]).reshape(len(z), len(self.G)) / stretch,
            np.array([row["z"] for row in found]).reshape(len(z), len(self.G)) / scale,
            np.array([row["info"]["exitFlag"] for row in found], np.int64),
        )

    def vjp(self, slack: Array, dual: Array, grad: Array) -> Array:
        r"""Jᵀ g for each row, J = ∂p/∂z, by the implicit function theorem.

        With w = s − λ, Moreau's decomposition writes the optimality conditions as equations in (x, y, w):
        ``c + Aᵀy + Gᵀ(Π(w) − w) = 0``, ``Ax = b``, ``Gx + Π(w) = h``, Π the projection onto K (Agrawal et al. 2019
        differentiate the same map). Their Jacobian is solved for its transpose; where it is singular (a degenerate
        vertex) the least-squares solution stands in.

        Args:
            slack: s of the solutions, ``(B, m)``.
            dual: λ of the solutions, ``(B, m)``.
            grad: g, ``(B, n)``.

        Returns:
            Shape ``(B, n)``.
        """
        q, k = self.A.shape
        m = len(self.G)
        step = max(1, _MOST_NUMBERS // (k + q + m) ** 2)
        if len(grad) > step:
            parts = [slice(at, at + step) for at in range(0, len(grad), step)]
            return np.concatenate([self.vjp(slack[part], dual[part], grad[part]) for part in parts])
        D = self._projection_derivative(slack, dual)
        K = np.zeros((len(grad), k + q + m, k + q + m))
        K[:, :k, k : k + q] = self.A.T
        K[:, :k, k + q :] = self.G.T @ (D - np.eye(m))
        K[:, k : k + q, :k] = self.A
        K[:, k + q :, :k] = self.G
        K[:, k + q :, k + q :] = D
        right = np.zeros((len(grad), k + q + m))
        right[:, self.columns] = grad
        v = _solve_each(K.transpose(0, 2, 1), right)
        moved: Array = (
            -v[:, :k] @ self.c.slope + v[:, k : k + q] @ self.b.slope + v[:, k + q :] @ self.h.slope
        )
        return moved

    def _projection_derivative(self, slack: Array, dual: Array) -> Array:
        """DΠ(s − λ), ``(B, m, m)``, block by block."""
        count, m = slack.shape
        D = np.zeros((count, m, m))
        at = int(self.dims.get("l", 0))
        diagonal = np.arange(at)
        D[:, diagonal, diagonal] = slack[:, :at] > dual[:, :at]
        for size in self.dims.get("q", ()):
            here = slice(at, at + size)
            D[:, here, here] = _second_order(slack[:, here] - dual[:, here])
            at += size
        for _ in range(int(self.dims.get("e", 0))):
            here = slice(at, at + 3)
            D[:, here, here] = _exponential(slack[:, here], dual[:, here])
            at += 3
        return D


def _second_order(w: Array) -> Array:
    """Derivative of the projection onto ``{(t, v): ‖v‖ <= t}``, ``(B, d) -> (B, d, d)``."""
    t, v = w[:, 0], w[:, 1:]
    length = np.linalg.norm(v, axis=1)
    safe = np.maximum(length, np.finfo(float).tiny)
    unit, ratio = v / safe[:, None], (t / safe)[:, None, None]
    eye = np.eye(v.shape[1])
    D = np.empty((len(w), w.shape[1], w.shape[1]))
    D[:, 0, 0] = 1
    D[:, 0, 1:] = D[:, 1:, 0] = unit
    D[:, 1:, 1:] = (1 + ratio) * eye - ratio * unit[:, :, None] * unit[:, None, :]
    D /= 2
    D[length <= t] = np.eye(w.shape[1])
    D[length <= -t] = 0
    return D


def _exponential(slack: Array, dual: Array) -> Array:
    """Derivative at w = s − λ of the projection onto ``K = {(x, y, z): z e^{x/z} <= y}``, ``(B, 3, 3)``.

    Four zones, by w (Friberg 2021; diffcp takes the same): inside K nothing holds s, and the derivative is I; inside the
    polar cone s is 0 and stays there; where x and z are negative s lies on the face z = 0, {x <= 0, y >= 0}, and moves
    within it; elsewhere s lies on the curved boundary.
    """
    w = slack - dual
    x, y, z = w.T
    D = np.zeros((len(w), 3, 3))
    is_inside, is_polar = _in_exponential(x, y, z), _in_dual(-x, -y, -z)
    is_flat = (x < 0) & (z < 0) & ~is_polar
    is_curved = ~(is_inside | is_polar | is_flat)
    D[is_inside] = np.eye(3)
    D[is_flat, 0, 0] = 1
    D[is_flat, 1, 1] = y[is_flat] > 0
    D[is_curved] = _on_curved_boundary(slack[is_curved], dual[is_curved])
    return D


def _in_exponential(x: Array, y: Array, z: Array) -> NDArray[np.bool_]:
    safe = np.where(z > 0, z, 1)
    # in logarithms, so that nothing overflows: z e^{x/z} <= y
    inside: NDArray[np.bool_] = (z > 0) & (y > 0) & (x / safe <= _log(y) - np.log(safe))
    return inside


def _in_dual(a: Array, b: Array, c: Array) -> NDArray[np.bool_]:
    """``{(a, b, c): −a e^{c/a − 1} <= b, a < 0}``, the dual cone without its flat face."""
    safe = np.where(a < 0, a, -1)
    inside: NDArray[np.bool_] = (a < 0) & (b > 0) & (c / safe - 1 <= _log(b) - np.log(-safe))
    return inside


def _log(values: Array) -> Array:
    """Of positive numbers; anything for others."""
    logs: Array = np.log(np.where(values > 0, values, 1))
    return logs


def _on_curved_boundary(slack: Array, dual: Array) -> Array:
    """The derivative where ``g(s) = z e^{x/z} − y = 0`` holds s.

    There s − w = λ = −μ ∇g(s), so μ is λ's second entry; differentiating this and g(s) = 0 gives a 4 × 4 system.
    """
    x, _, z = slack.T
    z = np.maximum(z, np.finfo(float).tiny)
    e = np.exp(np.minimum(x / z, 700))
    gradient = np.stack([e, -np.ones_like(e), e * (1 - x / z)], axis=1)
    direction = np.stack([np.ones_like(e), np.zeros_like(e), -x / z], axis=1)
    curvature = (dual[:, 1] * e / z)[:, None, None] * direction[:, :, None] * direction[:, None, :]
    system = np.zeros((len(slack), 4, 4))
    system[:, :3, :3] = np.eye(3) + curvature
    system[:, :3, 3] = system[:, 3, :3] = gradient
    right = np.zeros((len(slack), 4, 3))
    right[:, :3] = np.eye(3)
    D: NDArray[Any] = np.linalg.solve(system, right)[:, :3]
    return D


def _solve_each(matrices: Array, right: Array) -> Array:
    """Solve each system; by least squares those that are singular."""
    try:
        found: NDArray[Any] = np.linalg.solve(matrices, right[..., None])[..., 0]
    except np.linalg.LinAlgError:
        found = np.full_like(right, np.nan)
    residual = np.abs((matrices @ found[..., None])[..., 0] - right).max(axis=1)
    scale = np.abs(right).max(axis=1)
    failed = ~(residual <= 1e-6 * (scale + 1e-30)) | ~(np.abs(found).max(axis=1) <= _LARGE * (scale + 1e-30))
    for row in np.flatnonzero(failed):
        found[row] = np.linalg.lstsq(matrices[row], right[row], rcond=1e-9)[0]
    return found
