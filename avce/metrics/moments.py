"""Sufficient statistics of (prediction, label) pairs, from which every figure of this package follows.

A figure of a million frames, of a video, or of a bootstrap resample is one formula applied to ten numbers.
All fields may be arrays of one shape: then the formulas give one figure per element.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avce.errors import DomainError, OptionError, ShapeError

Floats: TypeAlias = NDArray[np.float64]

ZERO_LABELS = ("excluded", "counted_wrong", "own_class")
FIGURES = ("rmse", "sagr", "pcc", "ccc", "icc")

# A variance made by subtracting pooled sums carries rounding noise of about 1e-16 of the mean square; below
# this share it is noise of a constant, and the figure must come out as undefined instead of random.
_CONSTANT_SHARE = 1e-14


@dataclass(frozen=True)
class Moments:
    """Population moments of pairs.

    Attributes:
        n: Number of pairs.
        mean_pred: Mean of predictions.
        mean_target: Mean of labels.
        var_pred: Variance of predictions, divided by n; exactly 0 for a constant.
        var_target: Variance of labels, divided by n; exactly 0 for a constant.
        cov: Covariance, divided by n.
        mse: Mean squared difference.
        n_signed: Labels that are not zero.
        agree_signed: Of those, predictions of the same sign.
        agree_zero: Pairs in which label and prediction are both zero.
    """

    n: Floats
    mean_pred: Floats
    mean_target: Floats
    var_pred: Floats
    var_target: Floats
    cov: Floats
    mse: Floats
    n_signed: Floats
    agree_signed: Floats
    agree_zero: Floats

    @classmethod
    def of(cls, pred: ArrayLike, target: ArrayLike) -> Self:
        """Moments of two vectors, in two passes.

        Args:
            pred: Predictions, shape ``(n,)``.
            target: Labels, shape ``(n,)``.

        Raises:
            ShapeError: Not two vectors of one length n >= 1.
            DomainError: A ``nan`` or an infinity.
        """
        p, y = checked_vectors(pred, target)
        mean_p, mean_y = (x[0] if np.ptp(x) == 0 else x.mean() for x in (p, y))
        dp, dy = p - mean_p, y - mean_y
        same = np.sign(p) == np.sign(y)
        values = (
            len(p), mean_p, mean_y,
            np.mean(dp * dp), np.mean(dy * dy), np.mean(dp * dy), np.mean((p - y) ** 2),
            np.count_nonzero(y), np.count_nonzero(same & (y != 0)), np.count_nonzero(same & (y == 0)),
        )  # fmt: skip
        return cls(*(np.asarray(value, np.float64) for value in values))

    def merged(self, other: Self) -> Self:
        """Moments of both samples together (Chan, Golub & LeVeque 1979), free of cancellation."""
        n = self.n + other.n
        share = other.n / n
        step_p, step_y = other.mean_pred - self.mean_pred, other.mean_target - self.mean_target

        def pooled(mine: Floats, theirs: Floats, between: Floats | float = 0.0) -> Floats:
            return mine + share * (theirs - mine) + share * (1 - share) * between

        return type(self)(
            n,
            self.mean_pred + share * step_p,
            self.mean_target + share * step_y,
            pooled(self.var_pred, other.var_pred, step_p**2),
            pooled(self.var_target, other.var_target, step_y**2),
            pooled(self.cov, other.cov, step_p * step_y),
            pooled(self.mse, other.mse),
            self.n_signed + other.n_signed,
            self.agree_signed + other.agree_signed,
            self.agree_zero + other.agree_zero,
        )

    def stacked_sums(self) -> Floats:
        """Sums that add up over disjoint samples, shape ``(..., 10)``; inverse of :meth:`from_sums`."""
        n = self.n
        return np.stack(
            [
                n, n * self.mean_pred, n * self.mean_target,
                n * (self.var_pred + self.mean_pred**2), n * (self.var_target + self.mean_target**2),
                n * (self.cov + self.mean_pred * self.mean_target), n * self.mse,
                self.n_signed, self.agree_signed, self.agree_zero,
            ],
            axis=-1,
        )  # fmt: skip

    @classmethod
    def from_sums(cls, sums: Floats) -> Self:
        """Moments from summed :meth:`stacked_sums`; noise of a constant is cut to an exact 0 variance."""
        n, sum_p, sum_y, sum_pp, sum_yy, sum_py, sum_sq, *counts = np.moveaxis(sums, -1, 0)
        mean_p, mean_y = sum_p / n, sum_y / n
        var_p, var_y = _variance(sum_pp / n, mean_p), _variance(sum_yy / n, mean_y)
        cov = np.where((var_p > 0) & (var_y > 0), sum_py / n - mean_p * mean_y, 0.0)
        return cls(n, mean_p, mean_y, var_p, var_y, cov, sum_sq / n, *counts)

    def at(self, index: int) -> Self:
        """The moments of one element of the stack."""
        return type(self)(*(getattr(self, field.name)[index] for field in fields(self)))


def _variance(mean_square: Floats, mean: Floats) -> Floats:
    variance = mean_square - mean**2
    return np.where(variance > _CONSTANT_SHARE * mean_square, variance, 0.0)


# figures of moments


def rmse_of(m: Moments) -> Floats:
    """Root of the mean squared difference."""
    return np.sqrt(m.mse)


def sagr_of(m: Moments, *, zero_labels: str = "excluded") -> Floats:
    """Share of equal signs; ``zero_labels`` as in :func:`avce.metrics.functional.sagr`."""
    if zero_labels == "excluded":
        return _ratio(m.agree_signed, m.n_signed)
    if zero_labels == "counted_wrong":
        return m.agree_signed / m.n
    if zero_labels == "own_class":
        return (m.agree_signed + m.agree_zero) / m.n
    raise OptionError(f"zero_labels: expected one of {', '.join(ZERO_LABELS)}, got {zero_labels!r}")


def pcc_of(m: Moments) -> Floats:
    """Correlation; ``nan`` where either side is constant."""
    return _ratio(m.cov, np.sqrt(m.var_pred * m.var_target))


def ccc_of(m: Moments) -> Floats:
    """Concordance; ``nan`` where both sides are the same constant."""
    return _ratio(2 * m.cov, m.var_pred + m.var_target + (m.mean_pred - m.mean_target) ** 2)


def icc31_of(m: Moments) -> Floats:
    """ICC(3,1) of two raters; ``nan`` where both sides are constant.

    With BMS = Var(p + y) / 2 and EMS = Var(p − y) / 2 (both divided by n − 1, which cancels),
    (BMS − EMS) / (BMS + EMS) = 2 Cov / (Var p + Var y).
    """
    return _ratio(2 * m.cov, m.var_pred + m.var_target)


def figures_of(m: Moments, *, zero_labels: str = "excluded") -> dict[str, Floats]:
    """All of :data:`FIGURES`."""
    return {
        "rmse": rmse_of(m),
        "sagr": sagr_of(m, zero_labels=zero_labels),
        "pcc": pcc_of(m),
        "ccc": ccc_of(m),
        "icc": icc31_of(m),
    }


def reasons_of(m: Moments) -> dict[str, str]:
    """What to say of each figure that is ``nan`` for these moments (of one sample); RMSE never is."""
    sides = (("the predictions", m.var_pred), ("the labels", m.var_target))
    constant = " and ".join(name for name, variance in sides if variance == 0)
    if m.n == 1:
        reason = "a single frame does not vary"
    else:
        reason = f"{constant} do not vary" if constant else "the variances are too small to divide by"
    return dict.fromkeys(("pcc", "ccc", "icc"), reason) | {
        "sagr": "every label is zero, and zero has no sign"
    }


def _ratio(above: Floats, below: Floats) -> Floats:
    out = np.full(np.broadcast_shapes(np.shape(above), np.shape(below)), np.nan)
    np.divide(above, below, out=out, where=np.asarray(below) > 0)
    return out


# checks


def checked_vectors(pred: ArrayLike, target: ArrayLike) -> tuple[Floats, Floats]:
    """Both as float64 vectors of one length.

    Raises:
        ShapeError: Not two vectors of one length n >= 1.
        DomainError: A ``nan`` or an infinity; the text names the first such row.
    """
    p, y = np.asarray(pred, np.float64), np.asarray(target, np.float64)
    if p.ndim != 1 or p.shape != y.shape or len(p) == 0:
        raise ShapeError(
            f"pred, target: expected two vectors of one length n >= 1, got shapes {p.shape} and {y.shape}"
        )
    check_finite(pred=p, target=y)
    return p, y


def check_finite(**arrays: Floats) -> None:
    """Refuse ``nan`` and infinities.

    Raises:
        DomainError: The text names the array and the first such row.
    """
    for name, values in arrays.items():
        finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
        if not finite.all():
            row = int(np.argmin(finite))
            raise DomainError(
                f"{name}: expected finite numbers, got {values[row]} in row {row}; drop such rows first"
            )
