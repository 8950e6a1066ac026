"""Hold and push."""

from __future__ import annotations

import pytest
import torch

from avce.objectives.hold_push import hold, hold_push, push
from avce.options import AvceOptions


def test_push_ends_when_the_views_are_a_unit_apart():
    v = torch.zeros(3, 2)
    other = torch.tensor([[0.0, 0.0], [0.6, 0.0], [0.6, 0.8]])
    torch.testing.assert_close(push(v, other), torch.tensor([1.0, 0.64, 0.0]))


def test_hold_measures_directions_of_both_views_against_z():
    e1, e2 = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    assert hold(3 * e1, 5 * e1, e1).item() == pytest.approx(-2, abs=1e-5)
    assert hold(e1, e2, e1).item() == pytest.approx(2**0.5 - 2, abs=1e-5)
    assert hold(-e1, -e1, e1).item() == pytest.approx(2, abs=1e-5)


def test_the_sum_applies_to_hold_alone():
    v_a, v_n, v_z = torch.randn(3, 6, 8)
    mean = hold_push(v_a, v_n, v_z, AvceOptions(hold_weight=0.5))
    summed = hold_push(v_a, v_n, v_z, AvceOptions(hold_weight=0.5, reduction="sum"))
    held = hold(v_a, v_n, v_z)
    torch.testing.assert_close(mean, push(v_a, v_n).mean() + 0.5 * held.mean())
    torch.testing.assert_close(summed - mean, 0.5 * (held.sum() - held.mean()))


def test_equal_views_have_finite_gradients():
    v = torch.ones(2, 8, requires_grad=True)
    hold_push(v, v, v, AvceOptions()).backward()
    assert torch.isfinite(v.grad).all()
