from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from avce.activation.combine import gini, seen_part
from avce.activation.maps import activation_maps, placed, scaled
from avce.activation.scores import (
    _remaining,
    deletion,
    insertion,
    random_weights_check,
    rank_correlation,
    score_map,
    with_shuffled_weights,
)
from avce.data.views import centre_window
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


def test_only_what_the_network_sees_is_part_of_a_map():
    whole = np.arange(SIDE * SIDE, dtype=np.float32).reshape(SIDE, SIDE)
    seen = seen_part(whole, SIDE)
    start, length = centre_window(SIDE, SIDE)
    assert seen.shape == (round(length),) * 2
    assert seen[0, 0] == whole[round(start), round(start)]
    # of an odd crop, pixels whose centre lies inside
    at = np.arange(81) + 0.5
    first, extent = centre_window(81, 48)
    assert seen_part(np.zeros((3, 81, 81)), 48).shape[1] == ((at >= first) & (at <= first + extent)).sum()


def test_an_even_map_is_not_sparse_and_one_pixel_is():
    even, one = np.zeros((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE), np.float32)
    seen_part(even, SIDE)[...] = 0.7
    seen_part(one, SIDE)[10, 10] = 1
    predictor = predictor_by_hand()
    assert score_map(predictor, spot(), even, Axis.VALENCE)["gini"] == pytest.approx(0, abs=1e-9)
    assert score_map(predictor, spot(), one, Axis.VALENCE)["gini"] == pytest.approx(1 - 1 / 55**2, abs=1e-3)


@pytest.fixture(params=[deletion, insertion])
def steps(request, monkeypatch) -> np.ndarray:
    """Pictures that a curve asks the network about, shape ``(17, h, w, 3)``, from the sharp to the blurred face."""
    shown = []
    monkeypatch.setattr(
        "avce.activation.scores.head_values",
        lambda _, pictures, __: shown.append(pictures) or np.zeros((len(pictures), 2)),
    )
    values = np.zeros((SIDE, SIDE), np.float32)
    seen_part(values, SIDE)[...] = np.random.default_rng(0).random(seen_part(values, SIDE).shape)
    request.param(predictor_by_hand(), faces(1)[0], values, Axis.VALENCE)
    return shown[0] if request.param is deletion else shown[0][::-1]


def test_every_step_changes_an_equal_share_of_what_is_seen(steps):
    parts = seen_part(steps.transpose(0, 3, 1, 2).astype(int), SIDE)
    changed = (np.diff(parts, axis=0) != 0).any(axis=1).sum(axis=(1, 2))
    assert len(changed) == 16
    assert changed == pytest.approx(parts.shape[-1] ** 2 / 16, rel=0.06)  # a blurred pixel may be what it was


def test_curves_go_from_the_whole_face_to_the_whole_face_blurred(steps):
    blurred = cv2.GaussianBlur(faces(1)[0], (0, 0), sigmaX=SIDE / 8)
    assert np.array_equal(steps[0], faces(1)[0])
    assert np.array_equal(steps[-1], blurred)


def untrained(seed: int) -> Predictor:
    torch.manual_seed(seed)
    options = train_options(method="supervised", backbone="tiny", input_size=64)
    return Predictor(build_method(options).eval(), options, {}, "tiny")


def test_the_check_is_one_for_a_map_that_ignores_the_weights(monkeypatch):
    monkeypatch.setattr("avce.activation.scores.with_shuffled_weights", lambda predictor, seed: predictor)
    assert random_weights_check(untrained(0), faces(4), Axis.VALENCE) == pytest.approx(1)


def test_the_check_is_about_zero_for_maps_that_have_nothing_to_do_with_each_other(monkeypatch):
    side, made = 160, np.random.default_rng(0)

    def unrelated(predictor, crops, axis, head, *, kind="gradcam"):
        coarse = made.random((len(crops), 40, 40)).astype(np.float32)
        return scaled(placed(coarse, side, predictor))

    monkeypatch.setattr("avce.activation.scores.activation_maps", unrelated)
    predictor, crops = untrained(0), faces(6, side)
    # ρ of 1,600 places of their own scatters around 0 by about .025; over the whole crop it is .55
    assert np.abs(random_weights_check(predictor, crops, Axis.VALENCE)).max() < 0.1
    values = unrelated(predictor, crops[:1], Axis.VALENCE, Head.R)[0]
    scores = score_map(predictor, crops[0], values, Axis.VALENCE, shuffled=untrained(1))
    assert abs(scores["random"]) < 0.1


def test_the_rank_correlation_of_small_maps_is_known():
    # without ties 1 − 6 Σd² / (n³ − n), here with d = (0, 1, −1, 0); ranks do not see how far values lie apart
    a, b = np.array([[1, 2], [3, 9]], np.float32), np.array([[10, 30], [20, 40]], np.float32)
    assert rank_correlation(a, b) == pytest.approx(1 - 6 * 2 / 60)
    assert rank_correlation(a, a**3) == pytest.approx(1)
    assert rank_correlation(a, -a) == pytest.approx(-1)


@pytest.mark.parametrize("side", [64, 80, 256])
@pytest.mark.parametrize("value", [0.0, 0.7, 1.0])
def test_the_check_is_undefined_for_a_map_that_is_the_same_everywhere(monkeypatch, side, value):
    # laid over most crops a constant differs from itself by rounding, whose ranks would look like a figure near 0
    def even_when_shuffled(predictor, crops, axis, head, *, kind="gradcam"):
        coarse = np.random.default_rng(0).random((len(crops), 4, 4)).astype(np.float32)
        return scaled(
            placed(np.full_like(coarse, value) if predictor is shuffled else coarse, side, predictor)
        )

    predictor, shuffled = untrained(0), untrained(1)
    monkeypatch.setattr("avce.activation.scores.activation_maps", even_when_shuffled)
    monkeypatch.setattr("avce.activation.scores.with_shuffled_weights", lambda *_, **__: shuffled)
    assert np.isnan(random_weights_check(predictor, faces(2, side), Axis.VALENCE)).all()
    values = even_when_shuffled(predictor, faces(1, side), Axis.VALENCE, Head.R)[0]
    scores = score_map(predictor, faces(1, side)[0], values, Axis.VALENCE, shuffled=shuffled)
    assert np.isnan(scores["random"])
    assert np.isfinite(scores["gini"])
