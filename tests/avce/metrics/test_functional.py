from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from avce.errors import DomainError, OptionError, ShapeError
from avce.metrics.functional import ccc, icc31, pcc, rmse, sagr, why_undefined

ALL = (rmse, sagr, pcc, ccc, icc31)


@pytest.fixture(params=range(5))
def pair(request):
    rng = np.random.default_rng(request.param)
    target = rng.uniform(-1, 1, 500)
    return 0.6 * target + rng.normal(0.1, 0.3, 500), target


def icc31_by_anova(pred, target):
    """Shrout & Fleiss 1979: two-way table, raters fixed."""
    table = np.column_stack([pred, target])
    n, k = table.shape
    rows = k * ((table.mean(1) - table.mean()) ** 2).sum()
    columns = n * ((table.mean(0) - table.mean()) ** 2).sum()
    rest = ((table - table.mean()) ** 2).sum() - rows - columns
    between, error = rows / (n - 1), rest / ((n - 1) * (k - 1))
    return (between - error) / (between + (k - 1) * error)


def test_all_figures_agree_with_references_to_1e_12(pair):
    pred, target = pair
    assert rmse(pred, target) == pytest.approx(np.sqrt(np.mean((pred - target) ** 2)), abs=1e-12)
    assert sagr(pred, target) == pytest.approx(np.mean(pred * target > 0), abs=1e-12)
    assert pcc(pred, target) == pytest.approx(stats.pearsonr(pred, target).statistic, abs=1e-12)
    cov = np.cov(pred, target, bias=True)
    lin = 2 * cov[0, 1] / (cov[0, 0] + cov[1, 1] + (pred.mean() - target.mean()) ** 2)
    assert ccc(pred, target) == pytest.approx(lin, abs=1e-12)
    assert icc31(pred, target) == pytest.approx(icc31_by_anova(pred, target), abs=1e-12)


def test_a_perfect_prediction_is_exactly_one(pair):
    _, target = pair
    assert [f(target, target) for f in (sagr, pcc, ccc, icc31)] == [1.0, 1.0, 1.0, 1.0]
    assert rmse(target, target) == 0.0


def test_offset_hurts_ccc_but_neither_pcc_nor_icc(pair):
    pred, target = pair
    assert pcc(pred + 0.5, target) == pytest.approx(pcc(pred, target))
    assert icc31(pred + 0.5, target) == pytest.approx(icc31(pred, target))
    assert ccc(pred + 0.5, target) < ccc(pred, target)


def test_scale_hurts_icc_and_ccc_but_not_pcc(pair):
    pred, target = pair
    assert pcc(3 * pred, target) == pytest.approx(pcc(pred, target))
    assert icc31(pred * 3, target) < icc31(pred, target)


def test_order_of_frames_does_not_matter(pair):
    pred, target = pair
    order = np.random.default_rng(9).permutation(len(pred))
    for figure in ALL:
        assert figure(pred[order], target[order]) == pytest.approx(figure(pred, target), abs=1e-14)


def test_the_three_ways_to_treat_zero_labels():
    pred, target = [0.5, 0.0, -0.2, 0.3], [0.4, 0.0, 0.0, -0.1]
    assert sagr(pred, target) == 1 / 2
    assert sagr(pred, target, zero_labels="counted_wrong") == 1 / 4
    assert sagr(pred, target, zero_labels="own_class") == 2 / 4


@pytest.mark.parametrize("constant", [0.1, 0.5, 1 / 3, 1e-9])
def test_undefined_is_nan_with_a_reason_and_never_zero(constant):
    flat, varying = np.full(999, constant), np.linspace(-1, 1, 999)
    assert np.isnan(pcc(flat, varying))
    assert ccc(flat, varying) == 0.0
    assert np.isnan(ccc(flat, flat))
    assert np.isnan(icc31(flat, flat + 1))
    assert why_undefined(flat, varying) == {"pcc": "the predictions do not vary"}
    assert set(why_undefined(flat, flat)) == {"pcc", "ccc", "icc"}


def test_sagr_of_zero_labels_only_is_undefined():
    assert np.isnan(sagr([0.1, 0.2], [0.0, 0.0]))
    assert "zero" in why_undefined([0.1, 0.2], [0.0, 0.0])["sagr"]
    assert sagr([0.1, 0.2], [0.0, 0.0], zero_labels="own_class") == 0.0


def test_a_single_frame_has_an_rmse_and_no_correlation():
    assert rmse([0.5], [0.25]) == 0.25
    assert why_undefined([0.5], [0.5])["ccc"] == "a single frame does not vary"


@pytest.mark.parametrize("figure", ALL)
def test_bad_input_is_refused_with_the_place(figure):
    with pytest.raises(ShapeError, match=r"\(2,\) and \(3,\)"):
        figure([1, 2], [1, 2, 3])
    with pytest.raises(ShapeError, match="n >= 1"):
        figure([], [])
    with pytest.raises(DomainError, match=r"target.*row 1"):
        figure([0.1, 0.2], [0.1, np.nan])


def test_an_unknown_variant_is_named():
    with pytest.raises(OptionError, match=r"excluded.*'maybe'"):
        sagr([1.0], [1.0], zero_labels="maybe")
