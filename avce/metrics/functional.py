"""Figures of agreement between two vectors, over all frames given.

All take ``pred, target`` in that order, compute in float64, and return ``nan`` where the figure is undefined;
:func:`why_undefined` tells the reason.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from avce.metrics.moments import (
    Moments,
    ccc_of,
    figures_of,
    icc31_of,
    pcc_of,
    reasons_of,
    rmse_of,
    sagr_of,
)


def rmse(pred: ArrayLike, target: ArrayLike) -> float:
    """Root mean squared error, √mean((p − y)²).

    Args:
        pred: Predictions, shape ``(n,)``, n >= 1.
        target: Labels, same shape.

    Returns:
        A number >= 0, in the unit of the labels.

    Raises:
        ShapeError: Not two vectors of one length n >= 1.
        DomainError: A ``nan`` or an infinity.
    """
    return float(rmse_of(Moments.of(pred, target)))


def sagr(pred: ArrayLike, target: ArrayLike, *, zero_labels: str = "excluded") -> float:
    """Sign agreement, the share of frames whose prediction has the sign of the label.

    A label of exactly 0 has no sign (about 2 % of AffectNet's validation set), so three variants exist.

    Args:
        pred: Predictions, shape ``(n,)``, n >= 1.
        target: Labels, same shape.
        zero_labels: ``"excluded"`` leaves such frames out; ``"counted_wrong"`` counts each as a mistake, as
            the authors' code does; ``"own_class"`` counts it right when the prediction is exactly 0 too.

    Returns:
        Within [0, 1]; ``nan`` when no frame is left.

    Raises:
        ShapeError: Not two vectors of one length n >= 1.
        DomainError: A ``nan`` or an infinity.
        OptionError: Another ``zero_labels``.
    """
    return float(sagr_of(Moments.of(pred, target), zero_labels=zero_labels))


def pcc(pred: ArrayLike, target: ArrayLike) -> float:
    """Pearson correlation, cov / (σ_p σ_y).

    Args:
        pred: Predictions, shape ``(n,)``, n >= 1.
        target: Labels, same shape.

    Returns:
        Within [-1, 1] up to rounding; exactly 1 for ``pred == target``; ``nan`` when either is constant.

    Raises:
        ShapeError: Not two vectors of one length n >= 1.
        DomainError: A ``nan`` or an infinity.
    """
    return float(pcc_of(Moments.of(pred, target)))


def ccc(pred: ArrayLike, target: ArrayLike) -> float:
    """Concordance correlation (Lin 1989), 2 cov / (σ_p² + σ_y² + (μ_p − μ_y)²), population moments.

    Args:
        pred: Predictions, shape ``(n,)``, n >= 1.
        target: Labels, same shape.

    Returns:
        Within [-1, 1] up to rounding; exactly 1 for ``pred == target``; 0 for a constant prediction of
        varying labels; ``nan`` when both are the same constant.

    Raises:
        ShapeError: Not two vectors of one length n >= 1.
        DomainError: A ``nan`` or an infinity.
    """
    return float(ccc_of(Moments.of(pred, target)))


def icc31(pred: ArrayLike, target: ArrayLike) -> float:
    """Intraclass correlation ICC(3,1) of two raters (Shrout & Fleiss 1979), (BMS − EMS) / (BMS + EMS).

    Consistency, not agreement: an offset of all predictions does not change it.

    Args:
        pred: Predictions, shape ``(n,)``, n >= 1.
        target: Labels, same shape.

    Returns:
        Within [-1, 1] up to rounding; exactly 1 for ``pred == target``; ``nan`` when both are constant.

    Raises:
        ShapeError: Not two vectors of one length n >= 1.
        DomainError: A ``nan`` or an infinity.
    """
    return float(icc31_of(Moments.of(pred, target)))


def why_undefined(pred: ArrayLike, target: ArrayLike, *, zero_labels: str = "excluded") -> dict[str, str]:
    """The reason for each figure that is ``nan`` for these vectors.

    Returns:
        Figure name to a short sentence; empty when all are defined.
    """
    m = Moments.of(pred, target)
    figures = figures_of(m, zero_labels=zero_labels)
    return {name: text for name, text in reasons_of(m).items() if np.isnan(figures[name])}
