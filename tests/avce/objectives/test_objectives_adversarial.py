"""CAF's adversary."""

from __future__ import annotations

import pytest
import torch

from avce.objectives.adversarial import adaptive_confidence, critic_terms, gaussian_mi, split_by_intensity


def test_strong_and_weak_hold_the_last_and_first_quarter_of_all_intensity():
    radius = torch.linspace(0.05, 1, 40)
    targets = torch.stack([radius, torch.zeros(40)], 1)[torch.randperm(40)]
    strong, weak = split_by_intensity(targets)
    intensity = targets.square().sum(1)
    assert intensity[strong].min() > intensity[weak].max()
    assert intensity[weak].sum() / intensity.sum() <= 0.25
    assert 0.2 <= intensity[strong].sum() / intensity.sum() <= 0.3


def test_fixed_limits_stand_in_where_a_side_is_too_small():
    targets = torch.tensor([[0.9, 0.0], [0.9, 0.1], [0.1, 0.0], [0.5, 0.4]])
    strong, weak = split_by_intensity(targets)
    assert strong.tolist() == [0, 1]
    assert weak.tolist() == [2]


def test_clear_surroundings_give_the_widest_margin():
    strong, weak = torch.randn(12, 4), 100 + torch.randn(12, 4)
    torch.testing.assert_close(adaptive_confidence(strong, weak), torch.full((12,), 0.7))
    lone = torch.cat([strong, 100 + torch.randn(1, 4)])  # amid the weak: no number of neighbours is enough
    assert adaptive_confidence(lone, weak)[-1].item() == pytest.approx(0.7 / 10**0.5)


def test_information_is_nothing_for_independent_and_bounded_for_equal_embeddings():
    assert gaussian_mi(torch.randn(5000, 2), torch.randn(5000, 2)).item() < 0.01
    same = torch.randn(20, 16)
    assert gaussian_mi(same, same).item() == 2.5
    assert torch.isfinite(gaussian_mi(torch.zeros(3, 4), torch.zeros(3, 4)))


def test_the_critic_loss_is_the_one_described():
    strong = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    weak = torch.tensor([[0.0, 9.0], [0.0, 9.5]])  # far: d_an is 0
    terms = critic_terms(strong, weak, torch.tensor(0.3))
    assert terms.excess.item() == pytest.approx(0.5)  # d_ap = 1 for both pairs: 1 − ½
    assert terms.loss.item() == pytest.approx(1 + 0.3 * 0.5 + 0.5e-6 * 0.25)
