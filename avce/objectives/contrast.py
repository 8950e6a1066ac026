"""The AVCE contrast: pull x = R(z) towards y_a = H(Sp z), push it from y_n = H(Sm z).

Relative predictive coding (Tsai et al. 2021, arXiv 2103.11275) with the angular similarity f(x, y) = 1 − θ(x, y)/π
(Kim & Song 2022). Every departure of the authors' code is a switch of :class:`avce.options.AvceOptions`.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from avce.options import AvceOptions

TINY_PRODUCT = 1e-12
"""Vectors whose squared lengths multiply to less have no angle."""


def angle_rad(x: Tensor, y: Tensor) -> Tensor:
    """Angle θ between vectors of the plane, in [0, π]: ``(…, 2), (…, 2) -> (…)``.

    Computed as atan2(|x × y|, ⟨x, y⟩), whose gradient stays finite for parallel vectors, where that of arccos does
    not. A vector of (nearly) no length has no direction: its angle counts as π/2, with gradient 0.
    """
    cross = x[..., 0] * y[..., 1] - x[..., 1] * y[..., 0]
    dot = (x * y).sum(-1)
    undefined = cross.detach().square() + dot.detach().square() < TINY_PRODUCT
    cross = torch.where(undefined, torch.ones_like(cross), cross)
    dot = torch.where(undefined, torch.zeros_like(dot), dot)
    return torch.atan2(cross.abs(), dot)


def halved_cosine_angle_rad(x: Tensor, y: Tensor) -> Tensor:
    """Departure 1: arccos(⟨x, y⟩ / 2‖x‖‖y‖), which stays in [π/3, 2π/3]."""
    lengths = (x.square().sum(-1) * y.square().sum(-1)).clamp(min=TINY_PRODUCT).sqrt()
    return torch.acos((x * y).sum(-1) / (2 * lengths))


def similarity(x: Tensor, y: Tensor, options: AvceOptions) -> Tensor:
    """f(x, y), larger for more alike: ``(B, 2), (B, 2) -> (B,)``, or ``(B, B)`` with ``sign_penalty="broadcast"``.

    Sound form: 1 − θ/π, in [0, 1]. With the switches: 1 − .25 θ'/π from the halved cosine, plus
    .8 (1 − |‖y‖ − ‖x‖|), minus .1 × .5 where the signs of valence differ.
    """
    if options.angle == "true":
        f = 1 - angle_rad(x, y) / math.pi
    else:
        f = 1 - 0.25 * halved_cosine_angle_rad(x, y) / math.pi
    if options.intensity_term:
        f = f + 0.8 * (1 - (_length(y) - _length(x)).abs())
    if options.sign_penalty == "none":
        return f
    penalty = 0.5 * (x[..., 0].sign() != y[..., 0].sign()).to(f.dtype)
    if options.sign_penalty == "paired":
        return f - 0.1 * penalty
    return f[:, None] - 0.1 * penalty  # departure 3: row i is sample i under the penalty of every sample j


def avce_objective(x: Tensor, y_a: Tensor, y_n: Tensor, options: AvceOptions) -> Tensor:
    """What AVCE maximises: E[f_a] − α E[f_n] − β/2 E[f_a²] − γ/2 E[f_n²].

    f_a = f(x, y_a) over the joint pairs, f_n = f(x, y_n) over the product pairs. The poster's text lost the squares
    (``squared_terms=False``). Computed in float32.

    Args:
        x: Predictions R(z), shape ``(B, 2)``.
        y_a: H of the attentive view, shape ``(B, 2)``.
        y_n: H of the inattentive view, shape ``(B, 2)``.
        options: Weights and switches. ``product_pairs="shuffled"`` pairs x with the next sample's y_n; the order of
            a batch is random already, and so no sample meets itself.

    Returns:
        A scalar; the mean over the batch, or the sum (departure 4).
    """
    x, y_a, y_n = x.float(), y_a.float(), y_n.float()
    if options.product_pairs == "shuffled":
        y_n = y_n.roll(1, 0)
    f_a, f_n = similarity(x, y_a, options), similarity(x, y_n, options)
    power = 2 if options.squared_terms else 1
    return (
        _reduce(f_a, options)
        - options.alpha * _reduce(f_n, options)
        - options.beta / 2 * _reduce(f_a**power, options)
        - options.gamma / 2 * _reduce(f_n**power, options)
    )


def _reduce(values: Tensor, options: AvceOptions) -> Tensor:
    return values.mean() if options.reduction == "mean" else values.sum()


def _length(vectors: Tensor) -> Tensor:
    """Euclidean length with gradient 0 at the origin."""
    length: Tensor = torch.linalg.vector_norm(vectors, dim=-1)
    return length
