"""Maps of a feature onto the simplex: closed forms, the same as convex programs, and a table of named views."""

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
from avce.transforms.views import VIEWS, Solver, View, check_view, transform

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
    "check_view",
    "entmax15",
    "softmax",
    "sparsemax",
    "transform",
]
