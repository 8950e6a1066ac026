"""The AVCE contrast and its switches, against the formulas written out in NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from avce.objectives.contrast import angle_rad, avce_objective, halved_cosine_angle_rad, similarity
from avce.options import AvceOptions

SOUND = AvceOptions()


def at(degrees, radius=1.0):
    angle = math.radians(degrees)
    return torch.tensor([[radius * math.cos(angle), radius * math.sin(angle)]], dtype=torch.float64)


def three(seed=0, count=7):
    generator = torch.Generator().manual_seed(seed)
    return tuple(0.5 * torch.randn(count, 2, generator=generator) for _ in range(3))


@pytest.mark.parametrize("degrees", [0, 30, 90, 135, 180])
@pytest.mark.parametrize("radius", [0.01, 1.0, 30.0])
def test_the_angle_is_the_angle_whatever_the_lengths(degrees, radius):
    assert angle_rad(at(20), at(20 + degrees, radius)).item() == pytest.approx(
        math.radians(degrees), abs=1e-7
    )
    assert angle_rad(at(20 + degrees, radius), at(20)).item() == pytest.approx(
        math.radians(degrees), abs=1e-7
    )
    halved = math.acos(math.cos(math.radians(degrees)) / 2)
    assert halved_cosine_angle_rad(at(20), at(20 + degrees, radius)).item() == pytest.approx(halved, abs=1e-6)


def test_the_angle_has_its_gradient_everywhere_else_and_none_at_the_origin():
    x = torch.randn(5, 2, dtype=torch.float64, requires_grad=True)
    y = torch.randn(5, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(angle_rad, (x, y))
    for values in ([0.0, 0.0], [0.3, 0.4], [-0.3, -0.4]):  # no length, parallel, opposite
        x = torch.tensor([values], requires_grad=True)
        angle_rad(x, torch.tensor([[0.3, 0.4]])).sum().backward()
        assert torch.isfinite(x.grad).all()
    assert angle_rad(torch.zeros(1, 2), torch.ones(1, 2)).item() == pytest.approx(math.pi / 2)


def test_similarity_is_one_for_the_same_direction_and_zero_for_the_opposite():
    assert similarity(at(10), at(10, 0.2), SOUND).item() == pytest.approx(1)
    assert similarity(at(10), at(190, 0.2), SOUND).item() == pytest.approx(0)


def test_the_objective_is_relative_predictive_coding():
    x, y_a, y_n = three()
    o = AvceOptions(alpha=0.4, beta=0.03, gamma=0.7)
    f_a, f_n = (similarity(x, y, o).numpy().astype(float) for y in (y_a, y_n))
    expected = f_a.mean() - 0.4 * f_n.mean() - 0.015 * (f_a**2).mean() - 0.35 * (f_n**2).mean()
    assert avce_objective(x, y_a, y_n, o).item() == pytest.approx(expected, abs=1e-6)
    plain = o.model_copy(update={"squared_terms": False})
    expected = f_a.mean() - 0.4 * f_n.mean() - 0.015 * f_a.mean() - 0.35 * f_n.mean()
    assert avce_objective(x, y_a, y_n, plain).item() == pytest.approx(expected, abs=1e-6)


def test_the_sum_is_the_mean_times_the_batch():
    x, y_a, y_n = three()
    summed = avce_objective(x, y_a, y_n, AvceOptions(reduction="sum"))
    assert summed.item() == pytest.approx(7 * avce_objective(x, y_a, y_n, SOUND).item(), rel=1e-5)


def test_shuffled_pairs_never_pair_a_sample_with_itself():
    x, y_a, y_n = three()
    shuffled = AvceOptions(product_pairs="shuffled")
    expected = avce_objective(x, y_a, y_n[[6, 0, 1, 2, 3, 4, 5]], SOUND)
    torch.testing.assert_close(avce_objective(x, y_a, y_n, shuffled), expected)


def test_the_authors_similarity_is_the_one_described():
    x, y, _ = three()
    o = AvceOptions(angle="halved_cosine", intensity_term=True, sign_penalty="broadcast")
    a, b = x.numpy().astype(float), y.numpy().astype(float)
    na, nb = np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1)
    theta = np.arccos((a * b).sum(1) / (2 * na * nb))
    f = (1 - 0.25 * theta / np.pi) + 0.8 * (1 - np.abs(nb - na))
    penalty = 0.5 * (np.sign(a[:, 0]) != np.sign(b[:, 0]))
    np.testing.assert_allclose(similarity(x, y, o).numpy(), f[:, None] - 0.1 * penalty[None], atol=1e-6)
    paired = o.model_copy(update={"sign_penalty": "paired"})
    np.testing.assert_allclose(similarity(x, y, paired).numpy(), f - 0.1 * penalty, atol=1e-6)


def test_ascent_pulls_x_to_the_attentive_and_pushes_it_from_the_inattentive_view():
    x = torch.nn.Parameter(torch.tensor([[0.5, 0.0]]))
    y_a, y_n = torch.tensor([[0.0, 0.5]]), torch.tensor([[0.5, -0.1]])
    before = angle_rad(x, y_a).item(), angle_rad(x, y_n).item()
    (-avce_objective(x, y_a, y_n, SOUND)).backward()
    moved = x - 0.05 * x.grad
    assert angle_rad(moved, y_a).item() < before[0]
    assert angle_rad(moved, y_n).item() > before[1]
