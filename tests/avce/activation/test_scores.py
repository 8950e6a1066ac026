from __future__ import annotations

import numpy as np
import pytest
import torch

from avce.activation.combine import gini
from avce.activation.maps import activation_maps
from avce.activation.scores import (
    _remaining,
    deletion,
    insertion,
    random_weights_check,
    score_map,
    with_shuffled_weights,
)
from avce.errors import DomainError, ShapeError
from avce.methods import build_method
from avce.options import Axis, Head, train_options
from avce.training.checkpoint import Predictor

from .fakes import SIDE, faces, predictor_by_hand


def test_gini_of_known_maps():
    assert gini(np.full((8, 8), 0.3)) == pytest.approx(0)
    one = np.zeros(100)
    one[7] = 5
    assert gini(one) == pytest.approx(0.99)
    # half the pixels hold everything equally: area between the diagonal and the Lorenz curve is a half
    assert gini(np.repeat([0.0, 1.0], 500)) == pytest.approx(0.5)
    # mean absolute difference over twice the mean, by hand: pairs of (1, 2, 3) differ by 8 / 9 on average
    assert gini([1, 2, 3]) == pytest.approx((8 / 9) / (2 * 2))


def test_gini_does_not_see_scale_or_place():
    values = np.random.default_rng(0).random((9, 9))
    assert gini(7 * values) == pytest.approx(gini(values))
    assert gini(np.random.default_rng(1).permutation(values.ravel())) == pytest.approx(gini(values))


def test_gini_of_nothing_is_undefined_and_bad_values_are_refused():
    assert np.isnan(gini(np.zeros((3, 3))))
    with pytest.raises(ShapeError):
        gini([])
    with pytest.raises(DomainError, match="-1"):
        gini([1, -1])


def spot():
    """A face whose valence comes from one red spot."""
    crop = np.zeros((SIDE, SIDE, 3), np.uint8)
    crop[30:34, 30:34, 0] = 255
    return crop


def test_a_true_map_scores_better_than_its_opposite():
    predictor, crop = predictor_by_hand(), spot()
    true = np.zeros((SIDE, SIDE), np.float32)
    true[30:34, 30:34] = 1
    # deleting the spot first leaves nothing after one step; deleting it last keeps it until the last
    assert deletion(predictor, crop, true, Axis.VALENCE) < deletion(predictor, crop, 1 - true, Axis.VALENCE)
    assert insertion(predictor, crop, true, Axis.VALENCE) > insertion(predictor, crop, 1 - true, Axis.VALENCE)


def test_the_area_of_simple_curves_is_known():
    # a straight fall leaves half; a fall at the first of 16 steps leaves half of that step
    assert _remaining(np.linspace(0.8, 0.2, 17), full=0.8, empty=0.2) == pytest.approx(0.5)
    assert _remaining(np.array([1.0] + [0.0] * 16), full=1.0, empty=0.0) == pytest.approx(1 / 32)
    # overshooting beyond the blurred face's output counts as nothing left, not as less than nothing
    assert _remaining(np.array([1.0, -3.0, 0.0]), full=1.0, empty=0.0) == pytest.approx(0.25)
    assert np.isnan(_remaining(np.array([0.3, 0.9, 0.3]), full=0.3, empty=0.3))


def test_scores_use_the_head_they_are_asked_for():
    predictor, crop = predictor_by_hand(), spot()
    values = activation_maps(predictor, crop[None], Axis.VALENCE)[0]
    # head H reads blue for valence, and there is none: nothing changes, nothing can be scored
    assert np.isnan(deletion(predictor, crop, values, Axis.VALENCE, Head.H))
    assert np.isfinite(deletion(predictor, crop, values, Axis.VALENCE, Head.R))


def test_the_three_scores_come_together():
    predictor, crop = predictor_by_hand(), spot()
    values = activation_maps(predictor, crop[None], Axis.VALENCE)[0]
    found = score_map(predictor, crop, values, Axis.VALENCE)
    assert list(found) == ["gini", "deletion", "insertion"]
    assert found["deletion"] == deletion(predictor, crop, values, Axis.VALENCE)
    with pytest.raises(ShapeError, match=r"one face"):
        deletion(predictor, crop, values[:5], Axis.VALENCE)


def test_shuffled_weights_hold_the_same_numbers_and_leave_the_original_alone():
    options = train_options(method="supervised", backbone="tiny", input_size=64)
    predictor = Predictor(build_method(options).eval(), options, {}, "tiny")
    before = {name: value.clone() for name, value in predictor.method.named_parameters()}
    shuffled = with_shuffled_weights(predictor, seed=1)
    moved = 0
    for (name, old), new in zip(
        predictor.method.named_parameters(), shuffled.method.parameters(), strict=True
    ):
        assert torch.equal(old, before[name])
        assert torch.equal(old.flatten().sort().values, new.flatten().sort().values)
        moved += int(not torch.equal(old, new))
    assert moved
    again = with_shuffled_weights(predictor, seed=1).method.state_dict()
    assert all(torch.equal(value, again[name]) for name, value in shuffled.method.state_dict().items())


def test_the_check_tells_whether_weights_matter_to_the_map():
    torch.manual_seed(0)
    options = train_options(method="supervised", backbone="tiny", input_size=64)
    predictor = Predictor(build_method(options).eval(), options, {}, "tiny")
    found = random_weights_check(predictor, faces(4), Axis.VALENCE)
    assert found.shape == (4,)
    assert (np.abs(found[~np.isnan(found)]) < 0.99).all()
