"""A CVXPY problem with one parameter, compiled once to the cone program that ECOS gets."""

from __future__ import annotations

from typing import Any

import cvxpy as cp
import numpy as np

from avce.errors import OptionError
from avce.transforms.cone import Affine, Array, ConeProgram


def compile_cvxpy(
    problem: cp.Problem, parameter: cp.Parameter, variable: cp.Variable, *, name: str
) -> ConeProgram:
    """Matrices of the problem, and how c, b and h move with its parameter.

    CVXPY's canonical data are affine in a DPP problem's parameter, so its value at 0 and at the unit vectors tells
    them everywhere.

    Args:
        problem: DPP-compliant; its only parameter is ``parameter``.
        parameter: z, shape ``(n,)``.
        variable: p, shape ``(n,)``, without attributes.
        name: For error messages.

    Raises:
        OptionError: The problem is not of that kind; the text says what is wrong and what to do.
    """
    n = _check(problem, parameter, variable, name)
    kept = parameter.value
    at_zero = _data(problem, parameter, np.zeros(n))
    at_units = [_data(problem, parameter, row) for row in np.eye(n)]
    parameter.value = kept
    for key in ("G", "A"):
        if any(not np.array_equal(at_zero[key], unit[key]) for unit in at_units):
            raise OptionError(
                f"view {name!r}: the parameter multiplies a variable inside a constraint; let it enter the objective"
                " linearly, or right-hand sides"
            )
    c, h, b = (
        Affine(at_zero[k], np.stack([unit[k] - at_zero[k] for unit in at_units], axis=1)) for k in "chb"
    )
    start = at_zero["param_prob"].var_id_to_col.get(variable.id)
    if start is None:
        raise OptionError(
            f"view {name!r}: declare p without attributes such as nonneg; state p >= 0 as a constraint"
        )
    return ConeProgram(c, at_zero["G"], h, at_zero["A"], b, at_zero["dims"], np.arange(start, start + n))


def _check(problem: cp.Problem, parameter: cp.Parameter, variable: cp.Variable, name: str) -> int:
    if parameter.ndim != 1 or variable.shape != parameter.shape:
        raise OptionError(
            f"view {name!r}: expected z and p of one shape (n,), got {parameter.shape}, {variable.shape}"
        )
    if [p.id for p in problem.parameters()] != [parameter.id]:
        raise OptionError(
            f"view {name!r}: expected the problem to have z as its only parameter; make others constants"
        )
    if not problem.is_dpp():
        raise OptionError(f"view {name!r}: expected a convex problem in disciplined parametrised form (DPP)")
    return int(parameter.shape[0])


def _data(problem: cp.Problem, parameter: cp.Parameter, value: Array) -> dict[str, Any]:
    parameter.value = value
    try:
        data, _, _ = problem.get_problem_data(cp.ECOS)
    except cp.error.SolverError as error:
        raise OptionError(f"ECOS takes linear, second-order and exponential cones only: {error}") from error
    dims, k = data["dims"], len(data["c"])
    empty = np.zeros((0, k))
    return {
        "c": np.asarray(data["c"], float),
        "G": empty if data["G"] is None else data["G"].toarray(),
        "h": np.zeros(0) if data["h"] is None else np.asarray(data["h"], float),
        "A": empty if data["A"] is None else data["A"].toarray(),
        "b": np.zeros(0) if data["b"] is None else np.asarray(data["b"], float),
        "dims": {"l": int(dims.nonneg), "q": [int(size) for size in dims.soc], "e": int(dims.exp)},
        "param_prob": data["param_prob"],
    }
