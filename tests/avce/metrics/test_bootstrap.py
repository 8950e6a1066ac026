from __future__ import annotations

import time

import numpy as np
import pytest

from avce.errors import DomainError, OptionError
from avce.metrics.bootstrap import _draws, compare, holm, intervals, paired_difference
from avce.metrics.protocols import PROTOCOLS, score


def clustered(clusters=20, per=50, *, seed=0, noise=0.3):
    """Labels with an offset per cluster, predictions with an error per cluster."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(clusters), per)
    target = np.clip(
        rng.normal(0, 0.3, (clusters, 2))[groups] + rng.normal(0, 0.2, (clusters * per, 2)), -1, 1
    )
    error = rng.normal(0, 0.15, (clusters, 2))[groups] + rng.normal(0, noise, target.shape)
    return target + error, target, groups


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_resampling_sums_equals_resampling_frames(protocol):
    pred, target, groups = clustered(6, 80)
    target[::11] = 0.0
    low_high = intervals(pred, target, groups, protocol=protocol, resamples=60, seed=3)
    slow = []
    for drawn in _draws(6, 60, 3):
        for row in drawn.units:
            rows = np.concatenate([np.flatnonzero(groups == g) for g in row])
            videos = np.repeat(np.arange(6), 80)
            slow.append(score(pred[rows], target[rows], protocol=protocol, videos=videos))
    for axis in ("valence", "arousal"):
        for name, (low, high) in low_high[axis].items():
            expected = np.quantile([s[axis][name] for s in slow], [0.025, 0.975])
            assert (low, high) == pytest.approx(expected, abs=1e-12), name


@pytest.mark.parametrize("sizes", [(1, 2, 3), (700, 5, 300, 256), (256, 256), (513,) * 3])
def test_the_authors_batches_lie_across_groups_of_any_size(sizes):
    pred, target, _ = clustered(1, sum(sizes))
    groups = np.repeat(np.arange(len(sizes)), sizes)
    bounds = intervals(pred, target, groups, protocol="authors", resamples=40, seed=2)["arousal"]["rmse"]
    slow = []
    for drawn in _draws(len(sizes), 40, 2):
        for row in drawn.units:
            rows = np.concatenate([np.flatnonzero(groups == g) for g in row])
            slow.append(score(pred[rows], target[rows], protocol="authors")["arousal"]["rmse"])
    assert bounds == pytest.approx(np.quantile(slow, [0.025, 0.975]), abs=1e-12)


def test_the_mean_is_over_videos_while_subjects_are_drawn():
    pred, target, videos = clustered(12, 40)
    subjects = np.array(["ann", "bob", "eve", "kim"])[videos // 3]
    bounds = intervals(pred, target, subjects, videos=videos, protocol="per_video", resamples=50, seed=4)
    slow = []
    for drawn in _draws(4, 50, 4):
        for row in drawn.units:
            of = [v for s in row for v in range(3 * s, 3 * s + 3)]
            rows = np.concatenate([np.flatnonzero(videos == v) for v in of])
            again = np.repeat(np.arange(12), 40)
            slow.append(score(pred[rows], target[rows], protocol="per_video", videos=again)["valence"]["ccc"])
    assert bounds["valence"]["ccc"] == pytest.approx(np.quantile(slow, [0.025, 0.975]), abs=1e-12)
    alone = intervals(pred, target, videos, protocol="per_video", resamples=50, seed=4)
    assert alone == intervals(pred, target, None, videos=videos, protocol="per_video", resamples=50, seed=4)
    assert alone != bounds


def test_persons_of_one_video_are_drawn_together():
    pred, target, videos = clustered(6, 40)
    subjects = np.where(np.arange(240) % 2, "left ", "right ").astype(object) + (videos // 2).astype(str)
    joint = intervals(pred, target, subjects, videos=videos, protocol="per_video", resamples=50)
    by_pair_of_videos = intervals(
        pred, target, videos // 2, videos=videos, protocol="per_video", resamples=50
    )
    assert joint == by_pair_of_videos


def test_a_difference_of_means_over_videos_is_that_of_their_scores():
    pred, target, videos = clustered(12, 40)
    found = paired_difference(
        pred, 0.5 * pred, target, videos // 3, videos=videos, protocol="per_video", resamples=50
    )["arousal"]["ccc"]
    a, b = (
        score(p, target, protocol="per_video", videos=videos)["arousal"]["ccc"] for p in (pred, 0.5 * pred)
    )
    assert found.difference == pytest.approx(a - b, abs=1e-15)
    assert found.low < found.difference < found.high


def test_the_same_seed_gives_the_same_interval_and_the_figure_lies_inside():
    pred, target, groups = clustered()
    first = intervals(pred, target, groups, seed=1)
    assert first == intervals(pred, target, groups, seed=1)
    assert first != intervals(pred, target, groups, seed=2)
    figures = score(pred, target)
    for axis in ("valence", "arousal"):
        for name, (low, high) in first[axis].items():
            assert low < figures[axis][name] < high


def test_resampling_frames_would_pretend_to_more_evidence():
    pred, target, groups = clustered()
    by_cluster = intervals(pred, target, groups)["valence"]["ccc"]
    by_frame = intervals(pred, target, None)["valence"]["ccc"]
    assert by_cluster[1] - by_cluster[0] > 2 * (by_frame[1] - by_frame[0])


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    # E[(p - y)^2] is .15^2 + .3^2 by construction; 60 clusters, 200 repetitions, coverage 90 %
    truth, hits = np.sqrt(0.15**2 + 0.3**2), 0
    for seed in range(200):
        pred, target, groups = clustered(60, 5, seed=seed)
        low, high = intervals(pred, target, groups, resamples=300, confidence=0.9, seed=seed)["valence"][
            "rmse"
        ]
        hits += low <= truth <= high
    assert 0.82 <= hits / 200 <= 0.97


def test_one_group_gives_no_interval():
    pred, target, _ = clustered(2, 10)
    low, high = intervals(pred, target, np.zeros(20))["arousal"]["ccc"]
    assert np.isnan(low)
    assert np.isnan(high)


def test_a_constant_prediction_gives_an_undefined_pcc_and_a_ccc_of_zero():
    _, target, groups = clustered()
    bounds = intervals(np.full(target.shape, 1 / 3), target, groups)["valence"]
    assert np.isnan(bounds["pcc"]).all()
    assert bounds["ccc"] == (0.0, 0.0)


def test_a_model_against_itself_is_no_difference():
    pred, target, groups = clustered()
    found = paired_difference(pred, pred, target, groups)["mean"]["ccc"]
    assert (found.difference, found.low, found.high, found.p_value) == (0.0, 0.0, 0.0, 1.0)
    assert not found.is_clear


def test_pairing_finds_a_small_difference_that_separate_intervals_hide():
    pred, target, groups = clustered()
    worse = pred + np.random.default_rng(5).normal(0, 0.1, pred.shape)
    a, b = (intervals(p, target, groups)["valence"]["ccc"] for p in (pred, worse))
    assert a[0] < b[1]
    found = paired_difference(pred, worse, target, groups)["valence"]["ccc"]
    assert found.is_clear
    assert found.difference > 0
    assert found.p_value < 0.01


def test_swapping_the_models_flips_the_sign_and_keeps_p():
    pred, target, groups = clustered()
    other = clustered(seed=1)[0] - clustered(seed=1)[1] + target
    forth = paired_difference(pred, other, target, groups)["arousal"]["rmse"]
    back = paired_difference(other, pred, target, groups)["arousal"]["rmse"]
    assert forth.difference == -back.difference
    assert forth.p_value == back.p_value
    assert (forth.low, forth.high) == pytest.approx((-back.high, -back.low))


def test_the_mean_row_is_the_mean_of_both_axes():
    pred, target, groups = clustered()
    other = 0.5 * pred
    found = paired_difference(pred, other, target, groups)
    both = (found["valence"]["ccc"].difference + found["arousal"]["ccc"].difference) / 2
    assert found["mean"]["ccc"].difference == pytest.approx(both)


def test_several_comparisons_are_corrected_together():
    pred, target, groups = clustered()
    rng = np.random.default_rng(2)
    preds = {"a": pred} | {name: pred + rng.normal(0, s, pred.shape) for name, s in (("b", 0.05), ("c", 0.2))}
    found = compare(preds, target, groups, reference="a")
    assert list(found) == ["b", "c"]
    raw = [found[name]["mean"]["ccc"].p_value for name in found]
    assert [found[name]["mean"]["ccc"].p_holm for name in found] == pytest.approx(holm(raw))


def test_holm_is_the_step_down_rule():
    # sorted .01 .02 .03 .04 times 4 3 2 1 gives .04 .06 .06 .04, and no step may fall below the one before
    assert holm([0.01, 0.04, 0.03, 0.02]) == pytest.approx([0.04, 0.06, 0.06, 0.06])
    assert holm([0.7, 0.9]).tolist() == [1.0, 1.0]
    assert np.isnan(holm([0.01, np.nan])[1])
    assert holm([0.01, np.nan])[0] == 0.01
    with pytest.raises(DomainError, match="1\\.5"):
        holm([1.5])


@pytest.mark.parametrize("protocol", ["concatenated", "per_video"])
def test_ten_thousand_resamples_of_a_million_frames_take_under_ten_seconds(protocol):
    rng = np.random.default_rng(0)
    target = rng.uniform(-1, 1, (1_000_000, 2))
    pred, groups = target + rng.normal(0, 0.3, target.shape), rng.integers(0, 300, 1_000_000)
    start = time.perf_counter()
    intervals(pred, target, groups, protocol=protocol, resamples=10_000)
    assert time.perf_counter() - start < 10.0  # about .3 s on an idle core


def test_options_out_of_range_are_refused():
    pred, target, groups = clustered(3, 4)
    for wrong in ({"resamples": 0}, {"confidence": 1.0}, {"protocol": "best"}, {"zero_labels": "maybe"}):
        with pytest.raises(OptionError):
            intervals(pred, target, groups, **wrong)
    with pytest.raises(OptionError, match="'z' among"):
        compare({"a": pred, "b": pred}, target, groups, reference="z")
