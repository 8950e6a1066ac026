"""The table of views."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from avce.errors import OptionError, ShapeError
from avce.transforms import VIEWS, entmax15, softmax, sparsemax, transform


def test_names_lead_to_the_closed_forms():
    z = torch.randn(4, 6)
    for name, function in {"sparsemax": sparsemax, "softmax": softmax, "entmax15": entmax15}.items():
        torch.testing.assert_close(transform(z, view=name), function(z))
        torch.testing.assert_close(transform(z, view=name, dim=0), function(z, dim=0))


def test_unknown_views_and_solvers_are_refused_with_what_there_is():
    z = torch.zeros(1, 2)
    with pytest.raises(OptionError, match="sparsemax, softmax, entmax15"):
        transform(z, view="hardmax")
    with pytest.raises(OptionError, match=r"entmax15.*offers exact"):
        transform(z, view="entmax15", solver="ecos")


@pytest.mark.parametrize("solver", ["exact", "ecos", "cvxpy"])
def test_every_solver_refuses_an_empty_axis(solver):
    with pytest.raises(ShapeError):
        transform(torch.zeros(3, 0), solver=solver)


def test_built_in_views_offer_their_fastest_solver_first():
    assert all(view.solvers[0] == "exact" for view in VIEWS.values())


def test_closed_forms_do_not_load_cvxpy():
    code = "import sys, torch, avce.transforms as t; t.sparsemax(torch.zeros(2)); assert 'cvxpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
