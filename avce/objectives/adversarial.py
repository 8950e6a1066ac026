"""CAF's adversary (Kim & Song, AAAI 2021): a critic tells strong emotions from weak ones, the encoder blurs that.

The description we have leaves parts open; what is our choice is said where it is made.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

NEIGHBOURS = 10
CONFIDENCE = 0.7
MI_RANGE = (0.0, 2.5)
RHO = 1e-6
ADVERSARIAL_WEIGHT = 0.1
_STRONG_SHARE, _WEAK_SHARE = 0.75, 0.25
_STRONG_FALLBACK, _WEAK_FALLBACK = 0.65, 0.3


def split_by_intensity(targets: Tensor) -> tuple[Tensor, Tensor]:
    """Row numbers of strong and of weak emotions in a batch, by V² + A².

    What we have of the authors' code is "cumulative threshold .75/.95 plus offset .25; fallback > .65 / < .3". It does not say
    what is summed, when .75 holds and when .95, nor to what the offset is added. Our reading: sorted by intensity, the samples
    that hold the first quarter (.25) of the batch's total intensity are weak, those that hold its last quarter (above .75) are
    strong. The threshold .95 is not used. Where either side has fewer than two, the fixed limits > .65 and < .3 decide.

    Args:
        targets: Labels, ``(B, 2)``.

    Returns:
        Two vectors of row numbers; either may still be too short to use.
    """
    intensity = targets.square().sum(1)
    order = intensity.sort(dim=0, stable=True).indices
    share = intensity[order].cumsum(0) / intensity.sum().clamp(min=1e-12)
    strong, weak = order[share > _STRONG_SHARE], order[share <= _WEAK_SHARE]
    if min(len(strong), len(weak)) < 2:
        strong = (intensity > _STRONG_FALLBACK).nonzero()[:, 0]
        weak = (intensity < _WEAK_FALLBACK).nonzero()[:, 0]
    return strong, weak


def adaptive_confidence(strong: Tensor, weak: Tensor) -> Tensor:
    """Margin .7/√k of each strong sample, k from an adaptive nearest-neighbour rule, ``(S, e), (W, e) -> (S,)``.

    k is the smallest number up to 10 of neighbours (itself left out) whose mean label (strong +1, weak −1) reaches
    .7/√k (Balsubramani et al. 2019); 10 where none does. So the margin is wide where a sample's surroundings are clear.
    """
    everyone = torch.cat([strong, weak])
    count = min(NEIGHBOURS, len(everyone) - 1)
    distance = torch.cdist(strong, everyone)
    own = torch.arange(len(strong), device=strong.device)
    distance[own, own] = torch.inf
    nearest = distance.sort(dim=1, stable=True).indices[:, :count]
    labels = torch.where(nearest < len(strong), 1.0, -1.0)
    sizes = torch.arange(1, count + 1, device=strong.device)
    needed = CONFIDENCE / sizes.sqrt()
    reached = labels.cumsum(1) / sizes >= needed
    k = torch.where(reached.any(1), reached.int().argmax(1), count - 1)
    return needed[k]


def gaussian_mi(strong: Tensor, weak: Tensor) -> Tensor:
    """Mutual information of paired strong and weak embeddings in [0, 2.5], were each coordinate Gaussian.

    Our choice of estimator: −½ Σ log(1 − ρ_j²) over the coordinates.
    """
    pairs = min(len(strong), len(weak))
    s, w = strong[:pairs], weak[:pairs]
    s, w = s - s.mean(0), w - w.mean(0)
    rho = (s * w).sum(0) / (s.square().sum(0) * w.square().sum(0)).clamp(min=1e-12).sqrt()
    return (-0.5 * torch.log1p(-rho.square().clamp(max=0.999)).sum()).clamp(*MI_RANGE)


@dataclass(frozen=True)
class CriticTerms:
    """What the critic minimises, and how far it is from the unit constraint."""

    loss: Tensor
    excess: Tensor


def critic_terms(strong: Tensor, weak: Tensor, multiplier: Tensor) -> CriticTerms:
    """E d_ap + E d_an + Λ (1 − Ω) + ρ/2 (1 − Ω)², Ω = ½ E d_ap² + ½ E d_an².

    d_ap = ‖D_h − D_h'‖² over pairs of strong samples (each with the next), d_an = relu(MI + conf − ‖D_h − D_l‖²)
    over all pairs of strong and weak. The critic minimises, Λ ascends: that holds Ω at 1, so the embeddings cannot
    shrink to a point. (Printed with −ρ/2 for a critic that maximises; ρ = 1e-6 makes it a formality.)

    Args:
        strong: Critic's embeddings, ``(S, e)``, S >= 2.
        weak: Critic's embeddings, ``(W, e)``, W >= 2.
        multiplier: Λ, a scalar; no gradient flows to it.

    Returns:
        The loss and 1 − Ω, by which Λ ascends.
    """
    d_ap = (strong - strong.roll(1, 0)).square().sum(1)
    with torch.no_grad():
        margin = gaussian_mi(strong, weak) + adaptive_confidence(strong, weak)
    between = (strong[:, None] - weak[None]).square().sum(2)
    d_an = F.relu(margin[:, None] - between)
    excess = 1 - 0.5 * d_ap.square().mean() - 0.5 * d_an.square().mean()
    loss = d_ap.mean() + d_an.mean() + multiplier.detach() * excess + RHO / 2 * excess.square()
    return CriticTerms(loss, excess.detach())
