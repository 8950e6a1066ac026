"""SparseMax and SoftMax as convex programs: the CVXPY problem, the matrices for ECOS, and what is known beforehand.

For each view: the problem as the paper writes it, the cone program(s), a reduction that shrinks a row without
changing its solution, a proven bound on the error of a result, and the multipliers that belong to it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import cvxpy as cp
import numpy as np
from numpy.typing import NDArray

from avce.transforms.cone import Affine, Array, ConeProgram

CvxpyProblem = tuple[cp.Problem, cp.Parameter, cp.Variable]
"""A problem, its parameter z and its variable p, both of shape ``(n,)``."""

Reduced = tuple[Array, NDArray[np.int64], Callable[[Array], Array]]
"""Scores of what is left of each row, how many are left, and the way back to all entries."""


def floor(n: int) -> float:
    """Seen from the largest of n scores, SoftMax gives all entries below this less than 2.1e-9 together.

    Lower ones, masked ones among them, are raised to it.
    """
    return -20.0 - float(np.log(n))


# The two problems, as the paper writes them


def sparsemax_problem(n: int) -> CvxpyProblem:
    """SparseMax: max ⟨z, p⟩ − ½‖p‖² over the simplex."""
    z, p = cp.Parameter(n), cp.Variable(n)
    objective = z @ p - cp.sum_squares(p) / 2  # type: ignore[attr-defined]
    return cp.Problem(cp.Maximize(objective), _simplex(p)), z, p


def softmax_problem(n: int) -> CvxpyProblem:
    """SoftMax: max ⟨z, p⟩ + H(p) over the simplex; without ``p >= 0`` stated, ECOS fails on about 1 % of rows."""
    z, p = cp.Parameter(n), cp.Variable(n)
    objective = z @ p + cp.sum(cp.entr(p))  # type: ignore[attr-defined]
    return cp.Problem(cp.Maximize(objective), _simplex(p)), z, p


def _simplex(p: cp.Variable) -> list[cp.Constraint]:
    return [p >= 0, cp.sum(p) == 1]  # type: ignore[attr-defined]


@lru_cache(maxsize=32)
def sparsemax_program(n: int) -> ConeProgram:
    """SparseMax as an SOCP in (p, t): min t/2 − ⟨z, p⟩, ‖p‖² <= t written as ‖(2p, t − 1)‖ <= t + 1.

    The scores stay in the objective: with ‖p − z‖ in the cone instead, ECOS is a hundred times less exact.
    """
    G = np.zeros((2 * n + 2, n + 1))
    G[:n, :n] = -np.eye(n)
    G[n, n] = G[-1, n] = -1
    G[n + 1 : -1, :n] = -2 * np.eye(n)
    h = np.zeros(2 * n + 2)
    h[n], h[-1] = 1, -1
    c = Affine(np.r_[np.zeros(n), 0.5], -np.eye(n + 1, n))
    return _on_simplex(n, c, G, _constant(h, n), {"l": n, "q": [n + 2]})


@lru_cache(maxsize=32)
def entropy_program(n: int) -> ConeProgram:
    """SoftMax in (p, u): max ⟨z, p⟩ + Σ u with (u_i, 1, p_i) in the exponential cone, and p >= 0 stated."""
    G, h = np.zeros((4 * n, 2 * n)), np.zeros(4 * n)
    G[:n, :n] = -np.eye(n)
    i = np.arange(n)
    G[n + 3 * i, n + i] = -1
    h[n + 3 * i + 1] = 1
    G[n + 3 * i + 2, i] = -1
    c = Affine(np.r_[np.zeros(n), -np.ones(n)], -np.eye(2 * n, n))
    return _on_simplex(n, c, G, _constant(h, n), {"l": n, "q": [], "e": n})


@lru_cache(maxsize=32)
def log_sum_exp_program(n: int) -> ConeProgram:
    """SoftMax's dual in (p, t): min t with (z_i − t, p_i, 1) in the exponential cone, which states p >= 0, and Σ p = 1.

    At its optimum p = e^{z − t}. Half the variables of :func:`entropy_program`, and about twice as fast.
    """
    G, h = np.zeros((3 * n, n + 1)), np.zeros(3 * n)
    i = np.arange(n)
    G[3 * i, n] = 1
    G[3 * i + 1, i] = -1
    h[3 * i + 2] = 1
    slope = np.zeros((3 * n, n))
    slope[3 * i, i] = 1
    c = _constant(np.r_[np.zeros(n), 1.0], n)
    return _on_simplex(n, c, G, Affine(h, slope), {"l": 0, "q": [], "e": n})


def _constant(values: Array, n: int) -> Affine:
    return Affine(values, np.zeros((len(values), n)))


def _on_simplex(n: int, c: Affine, G: Array, h: Affine, dims: dict[str, Any]) -> ConeProgram:
    """With Σ p = 1, p being the first n variables."""
    A = np.zeros((1, G.shape[1]))
    A[0, :n] = 1
    return ConeProgram(c, G, h, A, _constant(np.ones(1), n), dims, np.arange(n))


# Smaller rows with the same solution


def reduce_sparsemax(z: Array) -> Reduced:
    """Leave out what is 1 or more below the largest: τ >= max z − 1, so those shares are 0. Largest first."""
    order = np.argsort(-z, axis=1, kind="stable")
    ranked = np.take_along_axis(z, order, 1)
    ranked -= ranked[:, :1]
    sizes = np.maximum((ranked > -1).sum(axis=1), 1)

    def restore(shares: Array) -> Array:
        p = np.zeros_like(shares)
        np.put_along_axis(p, order, shares, 1)
        return p

    return ranked, sizes, restore


def reduce_softmax(z: Array) -> Reduced:
    """Merge equal scores: k entries with score s get together what one entry with score s + log k gets.

    Scores below :func:`floor` are raised to it first. Half of a feature after ReLU is ties at 0.
    """
    rows, n = z.shape
    z = np.maximum(z - z.max(axis=1, keepdims=True), floor(n))
    order = np.argsort(-z, axis=1, kind="stable")
    ranked = np.take_along_axis(z, order, 1)
    group = np.cumsum(np.diff(ranked, axis=1, prepend=ranked[:, :1]) != 0, axis=1)
    cell = group + n * np.arange(rows)[:, None]
    counts = np.bincount(cell.ravel(), minlength=rows * n).reshape(rows, n)
    merged = np.zeros(rows * n)
    merged[cell.ravel()] = ranked.ravel()
    members = np.maximum(counts, 1)

    def restore(shares: Array) -> Array:
        p = np.zeros_like(shares)
        np.put_along_axis(p, order, np.take_along_axis(shares / members, group, 1), 1)
        return p

    return merged.reshape(rows, n) + np.log(members), group[:, -1] + 1, restore


# How far from the optimum, proven from the result alone


def sparsemax_error(p: Array, z: Array) -> Array:
    """Bound on ‖p − Sp(z)‖_∞ of each row, from p = max(z − τ, 0) with τ read off the largest entry.

    Σ max(z − τ, 0) falls with slope at least 1 in τ, so its distance from 1 bounds the error of τ.
    """
    top = p.argmax(axis=1)[:, None]
    tau = np.take_along_axis(z, top, 1) - np.take_along_axis(p, top, 1)
    return _distance(p, np.maximum(z - tau, 0))


def softmax_error(p: Array, z: Array) -> Array:
    """Bound on ‖p − Sm(z)‖_∞ of each row, from p = e^{z − t} with t read off the largest entry."""
    top = p.argmax(axis=1)[:, None]
    t = np.take_along_axis(z, top, 1) - np.log(np.maximum(np.take_along_axis(p, top, 1), 1e-300))
    return _distance(p, np.exp(np.minimum(z - t, 1)))


def _distance(p: Array, implied: Array) -> Array:
    bound: Array = np.abs(p - implied).max(axis=1) + np.abs(implied.sum(axis=1) - 1)
    return bound


# Multipliers that belong to a solution


def sparsemax_optimum(p: Array, z: Array) -> tuple[Array, Array]:
    """Slack and multipliers of :func:`sparsemax_program` at its solution, from its optimality conditions."""
    t = np.square(p).sum(axis=1, keepdims=True)
    top = p.argmax(axis=1)[:, None]
    tau = np.take_along_axis(z, top, 1) - np.take_along_axis(p, top, 1)
    slack = np.concatenate([p, t + 1, 2 * p, t - 1], axis=1)
    dual = np.concatenate([np.maximum(p - z + tau, 0), (t + 1) / 4, -p / 2, (1 - t) / 4], axis=1)
    return slack, dual


def sparsemax_cross_over(p: Array, z: Array) -> Array:
    """The vertex next to an almost optimal p: its support kept, the optimality conditions solved on it."""
    slack, dual = sparsemax_optimum(p, z)
    n = p.shape[1]
    support = slack[:, :n] > dual[:, :n]
    tau = (np.where(support, z, 0).sum(axis=1, keepdims=True) - 1) / support.sum(axis=1, keepdims=True)
    return np.where(support, np.maximum(z - tau, 0), 0)


def softmax_optimum(p: Array, z: Array) -> tuple[Array, Array]:
    """Slack and multipliers of :func:`log_sum_exp_program` at its solution, from its optimality conditions."""
    del z
    x = np.log(np.maximum(p, np.finfo(float).tiny))
    one = np.ones_like(p)
    slack = np.stack([x, p, one], axis=2).reshape(len(p), 3 * p.shape[1])
    dual = np.stack([-p, one, -p * (1 - x)], axis=2).reshape(slack.shape)
    return slack, dual
