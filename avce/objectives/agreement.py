"""How far predictions are from labels: squared error, PCC, CCC, as differentiable losses over a batch.

The figures that are reported come from :mod:`avce.metrics`; these are their smooth cousins for training.
"""

from __future__ import annotations

import torch
from torch import Tensor

from avce.errors import ShapeError
from avce.options import TrainOptions

EPS = 1e-8
"""Added to each variance: a constant batch has PCC and CCC 0 and a finite gradient."""


def mse(pred: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """Weighted mean squared error of each column: ``(B, 2), (B, 2) -> (2,)``."""
    return _mean((pred - target).square(), weights)


def pcc(pred: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """Pearson correlation of each column, population moments: ``(2,)``."""
    _, _, var_p, var_t, cov = _moments(pred, target, weights)
    return cov / ((var_p + EPS) * (var_t + EPS)).sqrt()


def ccc(pred: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """Lin's concordance of each column, population moments: ``(2,)``."""
    mean_p, mean_t, var_p, var_t, cov = _moments(pred, target, weights)
    return 2 * cov / (var_p + var_t + (mean_p - mean_t).square() + EPS)


def agreement(
    pred: Tensor, target: Tensor, weights: Tensor | None, options: TrainOptions
) -> tuple[Tensor, dict[str, Tensor]]:
    """AVCE's supervised loss: mse_weight (MSE_v + MSE_a) + pcc_weight (1 − PCC) + ccc_weight (1 − CCC).

    PCC and CCC are the means over the two axes. Always computed in float32.

    Args:
        pred: x, shape ``(B, 2)``.
        target: Labels, shape ``(B, 2)``.
        weights: Weight of each sample, shape ``(B,)``; ``None`` means all equal.
        options: Holds the three weights.

    Returns:
        The loss and its parts by name.

    Raises:
        ShapeError: Shapes that do not fit, or fewer than two samples.
    """
    pred, target = _checked(pred, target)
    error = mse(pred, target, weights).sum()
    return _with_correlations(error, {"mse": error}, pred, target, weights, options=options)


def rmse_agreement(
    pred: Tensor, target: Tensor, weights: Tensor | None, options: TrainOptions
) -> tuple[Tensor, dict[str, Tensor]]:
    """CAF's supervised loss: like :func:`agreement` with RMSE_v + RMSE_a in place of the squared errors."""
    pred, target = _checked(pred, target)
    squared = mse(pred, target, weights)
    error, parts = (squared + EPS).sqrt().sum(), {"mse": squared.sum()}
    return _with_correlations(error, parts, pred, target, weights, options=options)


def _with_correlations(
    error: Tensor,
    parts: dict[str, Tensor],
    pred: Tensor,
    target: Tensor,
    weights: Tensor | None,
    *,
    options: TrainOptions,
) -> tuple[Tensor, dict[str, Tensor]]:
    parts = {**parts, "pcc": pcc(pred, target, weights).mean(), "ccc": ccc(pred, target, weights).mean()}
    loss = options.mse_weight * error
    loss = loss + options.pcc_weight * (1 - parts["pcc"]) + options.ccc_weight * (1 - parts["ccc"])
    return loss, parts


def _checked(pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    if pred.shape != target.shape or pred.ndim != 2 or len(pred) < 2:
        raise ShapeError(
            f"pred, target: expected one shape (B, 2), B >= 2, got {tuple(pred.shape)}, {tuple(target.shape)}"
        )
    return pred.float(), target.float()


def _mean(values: Tensor, weights: Tensor | None) -> Tensor:
    if weights is None:
        return values.mean(0)
    shares = weights.to(values.dtype) / weights.sum().clamp(min=torch.finfo(values.dtype).tiny)
    return (shares[:, None] * values).sum(0)


def _moments(
    pred: Tensor, target: Tensor, weights: Tensor | None
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    mean_p, mean_t = _mean(pred, weights), _mean(target, weights)
    p, t = pred - mean_p, target - mean_t
    return mean_p, mean_t, _mean(p.square(), weights), _mean(t.square(), weights), _mean(p * t, weights)
