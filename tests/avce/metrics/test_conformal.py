"""The conformal band: it covers as promised, also new persons, and says when it cannot."""

from __future__ import annotations

import numpy as np
import pytest

from avce.errors import DomainError, ShapeError
from avce.metrics.conformal import Band, conformal_band


def people(rng, count, faces=20, own=0.3, noise=0.1):
    """Errors whose spread is mostly a person's own: (pred, target, groups)."""
    groups = np.repeat(np.arange(count), faces)
    error = rng.normal(0, own, (count, 2))[groups] + rng.normal(0, noise, (len(groups), 2))
    return error, np.zeros_like(error), groups


def test_without_groups_it_is_the_textbook_quantile():
    errors = np.arange(1, 20) / 100  # 19 errors: the 18th of them, ceil(20 * .9)
    pred = np.stack([errors, 2 * errors], axis=1)
    band = conformal_band(pred, np.zeros_like(pred), np.arange(19))
    assert (band.valence, band.arousal) == pytest.approx((0.18, 0.36))
    assert (band.n, band.n_groups, band.exchangeable) == (19, 19, "group")


def test_faces_of_new_persons_are_covered_as_often_as_promised():
    rng = np.random.default_rng(0)
    inside = []
    for _ in range(150):
        band = conformal_band(*people(rng, 30))
        new, _, _ = people(rng, 40, faces=1)
        inside.append(np.abs(new[:, 0]) <= band.valence)
    # Promised is at least .9 for one more person; 6,000 draws bring the mean within .01 of the truth.
    assert 0.89 <= np.mean(inside) <= 0.96


def test_a_person_with_many_faces_weighs_no_more_than_one_with_few():
    few = np.tile([[0.5, 0.5]], (9 * 2, 1))
    many = np.tile([[0.01, 0.01]], (1000, 1))
    groups = np.concatenate([np.repeat(np.arange(9), 2), np.full(1000, 9)])
    pred = np.concatenate([few, many])
    assert conformal_band(pred, np.zeros_like(pred), groups).valence == 0.5
    assert conformal_band(pred, np.zeros_like(pred), np.arange(len(pred))).valence == 0.01


def test_with_few_persons_each_face_counts_and_the_band_says_so():
    rng = np.random.default_rng(1)
    band = conformal_band(*people(rng, 4))
    assert (band.exchangeable, band.n_groups, band.n) == ("face", 4, 80)


def test_with_too_few_faces_there_is_no_band():
    assert conformal_band(np.ones((8, 2)), np.zeros((8, 2)), np.arange(8)) is None
    assert conformal_band(np.ones((9, 2)), np.zeros((9, 2)), np.arange(9)) is not None
    assert conformal_band(np.ones((0, 2)), np.zeros((0, 2)), np.arange(0)) is None


def test_unlabelled_faces_are_left_out():
    pred, target = np.ones((20, 2)), np.zeros((20, 2))
    target[3, 1] = np.nan
    assert conformal_band(pred, target, np.arange(20)).n == 19


def test_limits_stay_within_the_plane_and_survive_json():
    band = Band(0.2, 0.5, 0.9, 10, 10, "group")
    assert band.around(0.9, -0.7) == pytest.approx((0.7, 1.0, -1.0, -0.2))
    assert Band.from_dict(band.to_dict() | {"split": "test"}) == band
    assert Band.from_dict(None) is None
    assert Band.from_dict({"valence": 0.1}) is None


def test_what_does_not_fit_is_refused():
    with pytest.raises(DomainError, match="between 0 and 1, got 1"):
        conformal_band(np.ones((20, 2)), np.ones((20, 2)), np.arange(20), coverage=1.0)
    with pytest.raises(ShapeError, match="n groups"):
        conformal_band(np.ones((20, 2)), np.ones((20, 2)), np.arange(19))
