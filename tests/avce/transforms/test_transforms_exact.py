"""The closed forms: optimality, invariants and limits rather than stored numbers."""

from __future__ import annotations

import entmax
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from avce.errors import DomainError, ShapeError
from avce.transforms import (
    Entmax15,
    Softmax,
    Sparsemax,
    entmax15,
    softmax,
    sparsemax,
)

FUNCTIONS = [sparsemax, softmax, entmax15]
MODULES = [(Sparsemax, sparsemax), (Softmax, softmax), (Entmax15, entmax15)]
rows = npst.arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 40)), elements=st.floats(-50, 50))


@pytest.fixture(params=FUNCTIONS, ids=lambda f: f.__name__)
def function(request):
    return request.param


@given(rows)
@settings(max_examples=60, deadline=None)
def test_every_view_lies_on_the_simplex(values):
    for f in FUNCTIONS:
        p = f(torch.from_numpy(values))
        assert (p >= 0).all()
        torch.testing.assert_close(p.sum(-1), torch.ones(len(values), dtype=p.dtype), atol=1e-12, rtol=0)


@given(rows)
@settings(max_examples=60, deadline=None)
def test_sparsemax_meets_the_optimality_conditions_of_the_projection(values):
    z = torch.from_numpy(values)
    p = sparsemax(z)
    # on the support z − p is one number τ, off it z <= τ
    tau = torch.where(p > 0, z - p, -torch.inf).amax(-1, keepdim=True)
    torch.testing.assert_close(torch.where(p > 0, z - p, tau), tau.expand_as(p), atol=1e-10, rtol=0)
    assert (z <= tau + 1e-10)[p == 0].all()


@given(rows)
@settings(max_examples=60, deadline=None)
def test_entmax15_meets_its_optimality_conditions(values):
    z = torch.from_numpy(values)
    p = entmax15(z)
    # on the support z/2 − √p is one number
    gap = z / 2 - p.sqrt()
    tau = torch.where(p > 0, gap, -torch.inf).amax(-1, keepdim=True)
    torch.testing.assert_close(torch.where(p > 0, gap, tau), tau.expand_as(p), atol=1e-9, rtol=0)
    assert (z / 2 <= tau + 1e-9)[p == 0].all()


def test_sparsemax_and_entmax15_agree_with_the_entmax_package():
    z = 2 * torch.randn(500, 32, dtype=torch.float64)
    torch.testing.assert_close(sparsemax(z), entmax.sparsemax(z, dim=-1), atol=1e-12, rtol=0)
    torch.testing.assert_close(entmax15(z), entmax.entmax15(z, dim=-1), atol=1e-9, rtol=0)


@pytest.mark.parametrize("dim", [0, 1, 2, -1, -2, -3])
def test_gradients_are_those_of_the_function_on_every_axis(function, dim):
    z = torch.randn(3, 4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: function(x, dim=dim), (z,))
    torch.testing.assert_close(function(z, dim=dim).sum(dim), torch.ones_like(z).mean(dim))


def test_a_shift_of_all_scores_changes_nothing_and_a_permutation_permutes(function):
    z = torch.randn(20, 9, dtype=torch.float64)
    order = torch.randperm(9)
    torch.testing.assert_close(function(z + 7.5), function(z))
    torch.testing.assert_close(function(z[:, order]), function(z)[:, order])


def test_ties_get_equal_shares(function):
    torch.testing.assert_close(function(torch.zeros(2, 8)), torch.full((2, 8), 0.125))
    p = function(torch.tensor([[1.0, 1.0, -9.0]]))
    assert p[0, 0] == p[0, 1]


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4, 1e8])
def test_float32_stays_near_float64_at_any_scale(function, scale):
    z = scale * torch.randn(200, 32, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(function(z), function(z.double()).float(), atol=2e-6, rtol=0)


def test_a_dominant_score_takes_all(function):
    p = function(torch.tensor([[0.0, 100.0, 0.0]]))
    torch.testing.assert_close(p, torch.tensor([[0.0, 1.0, 0.0]]))


def test_masked_entries_get_exactly_zero_and_the_rest_is_as_if_they_were_absent(function):
    z = torch.randn(6, 5, dtype=torch.float64, requires_grad=True)
    mask = torch.tensor([True, False, True, True, False])
    p = function(z, mask=mask)
    assert (p[:, ~mask] == 0).all()
    torch.testing.assert_close(p[:, mask], function(z[:, mask]))
    p.square().sum().backward()
    assert (z.grad[:, ~mask] == 0).all()
    infinite = torch.where(mask, z.detach(), -torch.inf)
    torch.testing.assert_close(function(infinite), p.detach())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_wide_and_rounded_once(function, dtype):
    z = torch.randn(10, 16).to(dtype).requires_grad_()
    p = function(z)
    assert p.dtype is dtype
    torch.testing.assert_close(p, function(z.float()).to(dtype))
    p.float().square().sum().backward()
    assert z.grad.dtype is dtype
    assert torch.isfinite(z.grad).all()


def test_modules_are_the_functions():
    z, mask = torch.randn(4, 3, 2), torch.tensor([[True], [False], [True]])
    for module, f in MODULES:
        torch.testing.assert_close(module(dim=1)(z), f(z, dim=1))
        torch.testing.assert_close(module(1)(z, mask), f(z, dim=1, mask=mask))


def test_input_is_left_as_it_was(function):
    z = torch.randn(5, 6)
    kept = z.clone()
    function(z)
    assert torch.equal(z, kept)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0)])
def test_nothing_to_normalise_is_refused(function, shape):
    with pytest.raises(ShapeError, match="at least one entry"):
        function(torch.zeros(shape))


def test_an_axis_that_does_not_exist_is_refused(function):
    with pytest.raises(ShapeError, match="axis 2"):
        function(torch.zeros(3, 3), dim=2)


@pytest.mark.parametrize("bad", [[0.0, torch.nan], [0.0, torch.inf], [-torch.inf, -torch.inf]])
def test_a_row_without_a_solution_is_named(function, bad):
    with pytest.raises(DomainError, match="row 1 "):
        function(torch.tensor([[0.0, 1.0], bad]))


def test_whole_numbers_are_refused(function):
    with pytest.raises(DomainError, match="floating"):
        function(torch.zeros(3, dtype=torch.int64))


def test_a_mask_that_does_not_fit_is_refused(function):
    for mask in (torch.ones(4, dtype=torch.bool), torch.ones(2, 3)):
        with pytest.raises(ShapeError, match="mask"):
            function(torch.zeros(2, 3), mask=mask)


def test_an_empty_batch_stays_empty(function):
    assert function(torch.zeros(0, 4)).shape == (0, 4)


@pytest.mark.parametrize("function", [sparsemax, softmax, entmax15])
def test_second_derivatives_are_right(function):
    z = torch.randn(3, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(2)).requires_grad_()
    assert torch.autograd.gradgradcheck(function, z)


@pytest.mark.parametrize("function", [softmax, entmax15])
def test_second_derivatives_in_half_precision_are_those_of_full(function):
    def second(z):
        (first,) = torch.autograd.grad((function(z) * torch.arange(7).to(z)).sum(), z, create_graph=True)
        return torch.autograd.grad(first.square().sum(), z)[0]

    z = torch.randn(3, 7, generator=torch.Generator().manual_seed(2)).half()
    half, full = second(z.clone().requires_grad_()), second(z.float().requires_grad_())
    assert full.abs().max() > 0.1
    torch.testing.assert_close(half.float(), full, atol=2e-2, rtol=2e-2)
