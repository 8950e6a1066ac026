r"""Closed forms of the maps onto the simplex, with exact gradients.

Each transform comes as the same three names: function, module, autograd core (``softmax``, ``Softmax``,
``SoftmaxFunction``, …). All solve :math:`\arg\max_{p\in\Delta}\langle z,p\rangle-\Omega(p)`:

========== ============================================== ==================
name       Ω(p)                                           zeros
========== ============================================== ==================
sparsemax  ½‖p‖²                                          many
entmax15   Σ p^{3/2} / .75, Tsallis' entropy at α = 1.5   some
softmax    Σ p log p                                      none
========== ============================================== ==================

Half precision is computed in float32 and rounded once, around the autograd cores. What these keep for the way back is
their own output, so second derivatives are right too. Entries at ``-inf`` (or where ``mask`` is False) get exactly 0.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import FunctionCtx

from avce.errors import DomainError, ShapeError

_HALF = (torch.float16, torch.bfloat16)


@lru_cache(maxsize=64)
def _reciprocals(n: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """1, 1/2, …, 1/n."""
    return torch.arange(1, n + 1, dtype=dtype, device=device).reciprocal()


def _descending(values: Tensor) -> Tensor:
    """Sorted, largest first. On the CPU by NumPy, whose vectorised sort takes an eighth of torch's time for 256 × 32."""
    if values.device.type != "cpu":
        return values.sort(dim=-1, descending=True).values
    negated = values.detach().neg()
    negated.numpy().sort(axis=-1)
    return negated.neg_()


class SparsemaxFunction(Function):
    """Autograd core of :func:`sparsemax` on the last axis."""

    @staticmethod
    def forward(ctx: FunctionCtx, scores: Tensor) -> Tensor:
        """Threshold at τ = max_k (z_(1) + … + z_(k) − 1) / k, z_(k) the k-th largest; the maximum is at the support's size."""
        # seen from the top, sums stay small, so float32 is exact enough at any scale of the scores
        below = scores - scores.amax(-1, keepdim=True)
        inverse = _reciprocals(scores.shape[-1], scores.dtype, scores.device)
        means = _descending(below).cumsum(-1).sub_(1).mul_(inverse)
        tau = means.amax(-1, keepdim=True)
        _check_defined(tau, "sparsemax")
        probabilities = below.sub_(tau).clamp_(min=0)
        ctx.save_for_backward(probabilities)
        return probabilities

    @staticmethod
    def backward(ctx: FunctionCtx, grad: Tensor) -> Tensor:
        """J g = s ∘ (g − mean of g over the support), s the support's indicator."""
        probabilities = _saved(ctx)
        support = (probabilities > 0).to(probabilities.dtype)
        inside = grad * support
        mean = inside.sum(-1, keepdim=True) / support.sum(-1, keepdim=True)
        return inside - support * mean


class SoftmaxFunction(Function):
    """Autograd core of :func:`softmax` on the last axis."""

    @staticmethod
    def forward(ctx: FunctionCtx, scores: Tensor) -> Tensor:
        """e^z / Σ e^z."""
        probabilities = torch.softmax(scores, dim=-1)
        _check_defined(probabilities, "softmax")
        ctx.save_for_backward(probabilities)
        return probabilities

    @staticmethod
    def backward(ctx: FunctionCtx, grad: Tensor) -> Tensor:
        """J g = p ∘ (g − ⟨p, g⟩)."""
        probabilities = _saved(ctx)
        weighted = probabilities * grad
        return weighted - probabilities * weighted.sum(-1, keepdim=True)


class Entmax15Function(Function):
    """Autograd core of :func:`entmax15` on the last axis."""

    @staticmethod
    def forward(ctx: FunctionCtx, scores: Tensor) -> Tensor:
        """Peters, Niculae & Martins 2019, Alg. 2: p = max(z/2 − τ, 0)², τ from the first moments of the largest scores."""
        top = scores.amax(-1, keepdim=True)
        _check_defined(top, "entmax15")
        # τ is at least top − 1 (halved scores), so nothing below −2 can enter the support; the floor tames −inf
        halves = ((scores - top) / 2).clamp(min=-2)
        ranked = _descending(halves)
        inverse = _reciprocals(scores.shape[-1], scores.dtype, scores.device)
        mean, mean_sq = ranked.cumsum(-1) * inverse, ranked.square().cumsum(-1) * inverse
        tau_k = mean - (inverse - (mean_sq - mean.square())).clamp(min=0).sqrt()
        size = (tau_k <= ranked).sum(-1, keepdim=True)
        probabilities = (halves - tau_k.gather(-1, size - 1)).clamp(min=0).square()
        ctx.save_for_backward(probabilities)
        return probabilities

    @staticmethod
    def backward(ctx: FunctionCtx, grad: Tensor) -> Tensor:
        """J g = r ∘ (g − ⟨r, g⟩ / Σ r), r = √p."""
        probabilities = _saved(ctx)
        # off the support the root's own slope is infinite: second derivatives must not meet it
        support = probabilities > 0
        roots = torch.where(support, probabilities, 1).sqrt() * support
        weighted = roots * grad
        return weighted - roots * (weighted.sum(-1, keepdim=True) / roots.sum(-1, keepdim=True))


def sparsemax(scores: Tensor, *, dim: int = -1, mask: Tensor | None = None) -> Tensor:
    r"""Project scores onto the probability simplex, exactly: the attentive view.

    Solves :math:`\min_p \tfrac12\|p-z\|^2` s.t. :math:`p\ge0,\ \mathbf 1^\top p=1`.

    Args:
        scores: z, shape ``(*, n)``, floating; ``-inf`` masks an entry.
        dim: Axis of length n >= 1.
        mask: Boolean, broadcastable; False masks an entry.

    Returns:
        Same shape, dtype and device; exact zeros off the support; sums to 1 on ``dim``.

    Raises:
        ShapeError: Empty or zero-dimensional input, or a mask that does not fit.
        DomainError: A ``nan``, a ``+inf`` or a fully masked row; scores that are not floating.

    Note: O(n log n). Checked against ``transforms.conic``. Reference: Martins & Astudillo 2016, Alg. 1; the threshold
    is written as a maximum over k, which has its peak at the support's size, instead of a search for that size.
    """
    return _on_axis(SparsemaxFunction, scores, dim, mask)


def softmax(scores: Tensor, *, dim: int = -1, mask: Tensor | None = None) -> Tensor:
    r"""Exponentiate and normalise: the inattentive view.

    Solves :math:`\max_p \langle z,p\rangle-\sum_i p_i\log p_i` s.t. :math:`p\ge0,\ \mathbf 1^\top p=1`.

    Arguments, returns and errors are those of :func:`sparsemax`; here only masked entries are exactly 0
    (and those that underflow). O(n).
    """
    return _on_axis(SoftmaxFunction, scores, dim, mask)


def entmax15(scores: Tensor, *, dim: int = -1, mask: Tensor | None = None) -> Tensor:
    r"""Between the two: sparse, with a smooth edge.

    Solves :math:`\max_p \langle z,p\rangle+H_{1.5}(p)` on the simplex, :math:`H_{1.5}` Tsallis' entropy at α = 1.5.

    Arguments, returns and errors are those of :func:`sparsemax`. O(n log n). Reference: Peters et al. 2019.
    """
    return _on_axis(Entmax15Function, scores, dim, mask)


class _Transform(nn.Module):
    """Module form of a transform.

    Args:
        dim: Axis to normalise.
    """

    core: type[Function]

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, scores: Tensor, mask: Tensor | None = None) -> Tensor:
        """See the function of the same name."""
        return _on_axis(self.core, scores, self.dim, mask)


class Sparsemax(_Transform):
    """Module form of :func:`sparsemax`."""

    core = SparsemaxFunction


class Softmax(_Transform):
    """Module form of :func:`softmax`."""

    core = SoftmaxFunction


class Entmax15(_Transform):
    """Module form of :func:`entmax15`."""

    core = Entmax15Function


def apply_mask(scores: Tensor, mask: Tensor | None) -> Tensor:
    """Scores with ``-inf`` where the mask is False.

    Raises:
        ShapeError: The mask is not boolean or does not broadcast to the scores.
    """
    if mask is None:
        return scores
    try:
        fits = mask.expand(scores.shape).shape == scores.shape
    except RuntimeError:
        fits = False
    if mask.dtype is not torch.bool or not fits:
        raise ShapeError(
            f"mask: expected bool, broadcastable to {tuple(scores.shape)}, got {mask.dtype} {tuple(mask.shape)}"
        )
    return scores.masked_fill(~mask, -torch.inf)


def check_scores(scores: Tensor, dim: int) -> None:
    """Refuse what no transform is defined for.

    Raises:
        ShapeError: Empty, zero-dimensional, or without that axis.
        DomainError: Not floating.
    """
    if scores.ndim == 0 or not -scores.ndim <= dim < scores.ndim or scores.shape[dim] == 0:
        raise ShapeError(
            f"scores: expected at least one entry on axis {dim}, got shape {tuple(scores.shape)}"
        )
    if not scores.is_floating_point():
        raise DomainError(f"scores: expected a floating dtype, got {scores.dtype}; convert with .float()")


def _on_axis(core: type[Function], scores: Tensor, dim: int, mask: Tensor | None) -> Tensor:
    check_scores(scores, dim)
    scores = apply_mask(scores, mask)
    wide = scores.float() if scores.dtype in _HALF else scores
    if dim in (-1, scores.ndim - 1):
        result: Tensor = core.apply(wide)  # type: ignore[no-untyped-call]
    else:
        result = core.apply(wide.movedim(dim, -1)).movedim(-1, dim)  # type: ignore[no-untyped-call]
    return result.to(scores.dtype)


def _saved(ctx: FunctionCtx) -> Tensor:
    (kept,) = ctx.saved_tensors  # type: ignore[attr-defined]
    tensor: Tensor = kept
    return tensor


def _check_defined(witness: Tensor, name: str) -> None:
    """One number per row is nan or infinite exactly where the row had a nan, a +inf, or nothing but -inf."""
    # the sum carries any nan or infinity, and is one pass without a temporary
    if not torch.isfinite(witness.sum(dtype=torch.float64)):
        bad = (~torch.isfinite(witness)).any(-1).flatten().nonzero()
        if not len(bad):  # the sum itself overflowed
            return
        row = int(bad[0, 0])
        raise DomainError(
            f"{name}: expected finite scores (or -inf for masked ones, at least one left per row);"
            f" row {row} holds nan, +inf or only -inf"
        )
