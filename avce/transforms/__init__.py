"""Maps of a feature onto the simplex: closed forms, the same as convex programs, a table of named views."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from avce.transforms.exact import (
    Entmax15,
    Entmax15Function,
    Softmax,
    SoftmaxFunction,
    Sparsemax,
    SparsemaxFunction,
    entmax15,
    softmax,
    sparsemax,
)
from avce.transforms.views import VIEWS, Solver, View, best_solver, check_view, transform

if TYPE_CHECKING:
    from avce.transforms.conic import register_cvxpy_view

__all__ = [
    "VIEWS",
    "Entmax15",
    "Entmax15Function",
    "Softmax",
    "SoftmaxFunction",
    "Solver",
    "Sparsemax",
    "SparsemaxFunction",
    "View",
    "best_solver",
    "check_view",
    "entmax15",
    "register_cvxpy_view",
    "softmax",
    "sparsemax",
    "transform",
]


def __getattr__(name: str) -> object:
    if name == "register_cvxpy_view":  # cvxpy takes a second to import; only those who ask for it wait
        return import_module("avce.transforms.conic").register_cvxpy_view
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
