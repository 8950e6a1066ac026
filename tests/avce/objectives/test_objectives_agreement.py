"""Agreement losses against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from avce.errors import ShapeError
from avce.objectives.agreement import agreement, ccc, mse, pcc, rmse_agreement
from avce.options import TrainOptions


def pairs(seed=0, count=50):
    rng = np.random.default_rng(seed)
    pred = rng.uniform(-1, 1, (count, 2))
    return torch.from_numpy(pred), torch.from_numpy(0.6 * pred + 0.3 * rng.normal(size=(count, 2)))


def test_the_terms_match_numpy():
    pred, target = pairs()
    p, t = pred.numpy(), target.numpy()
    for axis in range(2):
        r = np.corrcoef(p[:, axis], t[:, axis])[0, 1]
        lin = 2 * r * p[:, axis].std() * t[:, axis].std()
        lin /= p[:, axis].var() + t[:, axis].var() + (p[:, axis].mean() - t[:, axis].mean()) ** 2
        assert mse(pred, target)[axis].item() == pytest.approx(((p - t)[:, axis] ** 2).mean())
        assert pcc(pred, target)[axis].item() == pytest.approx(r, abs=1e-6)
        assert ccc(pred, target)[axis].item() == pytest.approx(lin, abs=1e-6)


def test_a_weight_of_two_is_a_sample_given_twice():
    pred, target = pairs(count=6)
    weights = torch.tensor([1, 2, 1, 1, 1, 1])
    twice = torch.tensor([0, 1, 1, 2, 3, 4, 5])
    for term in (mse, pcc, ccc):
        torch.testing.assert_close(term(pred, target, weights), term(pred[twice], target[twice]))


def test_the_loss_is_the_weighted_sum_of_its_parts():
    pred, target = pairs()
    options = TrainOptions(mse_weight=2, pcc_weight=0.3, ccc_weight=0.7)
    loss, parts = agreement(pred, target, None, options)
    assert loss.item() == pytest.approx(
        2 * parts["mse"].item() + 0.3 * (1 - parts["pcc"].item()) + 0.7 * (1 - parts["ccc"].item()), abs=1e-6
    )
    loss, _ = rmse_agreement(pred, target, None, TrainOptions(pcc_weight=0, ccc_weight=0))
    assert loss.item() == pytest.approx(mse(pred, target).sqrt().sum().item(), abs=1e-5)


def test_a_perfect_prediction_costs_nothing():
    _, target = pairs()
    assert agreement(target, target, torch.ones(50), TrainOptions())[0].item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("loss", [agreement, rmse_agreement])
def test_a_constant_batch_has_finite_gradients(loss):
    pred = torch.zeros(8, 2, requires_grad=True)
    loss(pred, torch.zeros(8, 2), None, TrainOptions())[0].backward()
    assert torch.isfinite(pred.grad).all()


@pytest.mark.parametrize("shape", [(1, 2), (4,)])
def test_batches_that_have_no_correlation_are_refused(shape):
    with pytest.raises(ShapeError, match="B >= 2"):
        agreement(torch.zeros(shape), torch.zeros(shape), None, TrainOptions())
