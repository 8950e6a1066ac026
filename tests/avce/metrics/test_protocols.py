from __future__ import annotations

import numpy as np
import pytest

from avce.errors import DomainError, OptionError, ShapeError
from avce.metrics import functional
from avce.metrics.protocols import AUTHORS_BATCH, PROTOCOLS, group_codes, group_moments, reasons, score


def sample(n=600, seed=0):
    rng = np.random.default_rng(seed)
    target = rng.uniform(-1, 1, (n, 2))
    return target + rng.normal(0.1, 0.3, (n, 2)), target, rng.integers(0, 7, n)


@pytest.mark.parametrize("n", [10, 57, 1000])
def test_a_perfect_prediction_scores_one_in_sound_protocols_and_more_in_the_authors(n):
    _, target, _ = sample(n)
    groups = np.arange(n) // 5
    for protocol in ("concatenated", "per_video"):
        figures = score(target, target, protocol=protocol, videos=groups)
        for axis in ("valence", "arousal"):
            assert figures[axis] == {"rmse": 0.0, "sagr": 1.0, "pcc": 1.0, "ccc": 1.0, "icc": 1.0}
    authors = score(target, target, protocol="authors")["valence"]
    assert authors["ccc"] == authors["pcc"] == n / (n - 1)


def test_ten_frames_give_the_authors_eleven_tenths():
    _, target, _ = sample(10)
    assert score(target, target, protocol="authors")["arousal"]["ccc"] == pytest.approx(1.111, abs=5e-4)


def test_concatenated_is_the_functional_form_per_column():
    pred, target, _ = sample()
    figures = score(pred, target)
    for column, axis in enumerate(("valence", "arousal")):
        for name in ("rmse", "sagr", "pcc", "ccc", "icc"):
            expected = getattr(functional, "icc31" if name == "icc" else name)(
                pred[:, column], target[:, column]
            )
            assert figures[axis][name] == expected


def test_per_video_is_the_plain_mean_over_videos():
    pred, target, groups = sample()
    figures = score(pred, target, protocol="per_video", videos=groups)
    expected = np.mean([functional.ccc(pred[groups == g, 1], target[groups == g, 1]) for g in range(7)])
    assert figures["arousal"]["ccc"] == pytest.approx(expected, abs=1e-12)


def test_a_video_without_a_defined_figure_is_left_out_of_the_mean():
    pred, target, groups = sample()
    target[groups == 3] = 0.1
    pred[groups == 3] = 0.1
    figures = score(pred, target, protocol="per_video", videos=groups)
    others = [functional.ccc(pred[groups == g, 0], target[groups == g, 0]) for g in range(7) if g != 3]
    assert figures["valence"]["ccc"] == pytest.approx(np.mean(others), abs=1e-12)


def why(pred, target, *, zero_labels="excluded", **how):
    return reasons(score(pred, target, zero_labels=zero_labels, **how), pred, target, **how)


def test_reasons_are_given_for_undefined_figures_only():
    pred, target, videos = sample()
    assert why(pred, target) == {"valence": {}, "arousal": {}}
    pred[:, 1], target[:, 0] = 0.2, 0.0
    found = why(pred, target)
    assert found["arousal"] == {"pcc": "the predictions do not vary"}
    assert found["valence"] == {
        "sagr": "every label is zero, and zero has no sign",
        "pcc": "the labels do not vary",
    }
    assert why(pred, target, zero_labels="own_class")["valence"] == {"pcc": "the labels do not vary"}
    assert why(pred, target, protocol="authors")["arousal"] == {"pcc": "the predictions do not vary"}
    by_video = why(pred, target, protocol="per_video", videos=videos)
    assert by_video["arousal"] == {"pcc": "in none of 7 videos; in the first the predictions do not vary"}


def test_a_single_frame_has_a_reason_under_every_protocol():
    for protocol in PROTOCOLS:
        texts = why([[0.1, 0.2]], [[0.3, 0.2]], protocol=protocol, videos=["a"])
        assert texts["valence"]["pcc"] == texts["arousal"]["ccc"] == "a single frame does not vary"
        figures = score([[0.1, 0.2]], [[0.3, 0.2]], protocol=protocol, videos=["a"])
        for axis, found in texts.items():
            assert set(found) == {name for name, value in figures[axis].items() if np.isnan(value)}


def test_the_authors_rmse_is_the_mean_over_batches():
    pred, target, _ = sample(AUTHORS_BATCH * 2 + 10)
    batches = [slice(start, start + AUTHORS_BATCH) for start in range(0, len(pred), AUTHORS_BATCH)]
    expected = np.mean([functional.rmse(pred[b, 0], target[b, 0]) for b in batches])
    figures = score(pred, target, protocol="authors")["valence"]
    assert figures["rmse"] == pytest.approx(expected, abs=1e-12)


def test_the_authors_count_zero_labels_as_wrong_whatever_is_asked():
    pred, target = np.full((4, 2), 0.5), np.array([[0.5, 0.5], [0.0, 0.2], [0.1, 0.0], [0.9, -0.4]])
    figures = score(pred, target, protocol="authors", zero_labels="excluded")
    assert figures["valence"]["sagr"] == 3 / 4
    assert figures["arousal"]["sagr"] == 2 / 4


def test_moments_per_group_equal_moments_of_each_group_alone():
    pred, target, groups = sample()
    target[::9] = 0.0
    codes = group_codes(groups.astype(str), len(groups))
    stacked = group_moments(pred[:, 0], target[:, 0], codes)
    for code in range(7):
        alone = functional.Moments.of(pred[codes == code, 0], target[codes == code, 0])
        for name, value in vars(stacked.at(code)).items():
            assert value == pytest.approx(getattr(alone, name), abs=1e-12), name


def test_a_constant_group_is_exactly_constant():
    codes = np.repeat([0, 1], 333)
    stacked = group_moments(np.full(666, 0.1), np.linspace(0, 1, 666), codes)
    assert stacked.var_pred.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_bad_input_is_refused(protocol):
    pred, target, groups = sample(20)
    with pytest.raises(ShapeError, match=r"\(20,\)"):
        score(pred[:, 0], target[:, 0], protocol=protocol, videos=groups)
    target[4, 1] = np.inf
    with pytest.raises(DomainError, match=r"target.*row 4"):
        score(pred, target, protocol=protocol, videos=groups)


def test_per_video_needs_the_video_of_each_row():
    pred, target, groups = sample(20)
    with pytest.raises(ShapeError, match="per_video needs"):
        score(pred, target, protocol="per_video")
    with pytest.raises(ShapeError, match=r"\(20,\)"):
        score(pred, target, protocol="per_video", videos=groups[:5])


def test_an_unknown_protocol_is_named():
    pred, target, _ = sample(20)
    with pytest.raises(OptionError, match="concatenated, per_video, authors, got 'best'"):
        score(pred, target, protocol="best")
