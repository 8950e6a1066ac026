"""Numbers beside each map: how sparse it is, whether it is faithful, and whether the weights matter to it.

All look at the part of the face that the network sees; outside it maps are 0 by construction, which says nothing.
A map that looks right may still be an edge detector. Deletion and insertion ask the model itself; the random-weights
check asks whether training changed the map at all.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import cv2
import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from avce.activation.combine import Maps, gini, seen_part
from avce.activation.maps import AXES, Crops, Kind, activation_maps, head_values
from avce.data.views import seen_pixels
from avce.errors import ShapeError
from avce.options import Axis, Head
from avce.training.checkpoint import Predictor

STEPS = 16
"""Steps of the deletion and insertion curves."""

_BLUR_SHARE = 0.125  # standard deviation of the blur that stands for "no information", as a share of the side
_TOO_SMALL = 1e-6  # change between face and blurred face below which the curves have no scale
_FLAT = 1e-5  # spread, as a share of the maximum, below which a map is constant; laying one over a crop rounds by 2e-7


def deletion(
    predictor: Predictor,
    crop_rgb_u8: Crops,
    values: Maps,
    axis: Axis,
    head: Head = Head.R,
    *,
    steps: int = STEPS,
) -> float:
    """Blur the face from its most to its least important pixel: mean of how much of the output remains.

    With f the output, ``f_full`` that of the face and ``f_blur`` that of the blurred face, what remains after a
    step is ``1 − |f − f_full| / |f_blur − f_full|``, cut to [0, 1] (after Petsiuk et al. 2018, for regression).

    Args:
        predictor: A loaded checkpoint.
        crop_rgb_u8: One face, shape ``(h, w, 3)``.
        values: Its map, shape ``(h, w)``.
        axis: The output that the map explains.
        head: The head that the map explains.
        steps: Number of equal steps.

    Returns:
        Area under the curve within [0, 1]; lower is better; ``nan`` when blurring the whole face changes nothing.

    Note: ``steps + 1`` forward passes.
    """
    shown = _curve(predictor, crop_rgb_u8, values, axis, head, steps=steps, starts_sharp=True)
    return _remaining(shown, full=shown[0], empty=shown[-1])


def insertion(
    predictor: Predictor,
    crop_rgb_u8: Crops,
    values: Maps,
    axis: Axis,
    head: Head = Head.R,
    *,
    steps: int = STEPS,
) -> float:
    """Sharpen a blurred face from its most important pixel on: mean of how much of the output has come back.

    Arguments and formula as :func:`deletion`; higher is better.
    """
    shown = _curve(predictor, crop_rgb_u8, values, axis, head, steps=steps, starts_sharp=False)
    return _remaining(shown, full=shown[-1], empty=shown[0])


def random_weights_check(
    predictor: Predictor,
    crops_rgb_u8: Crops,
    axis: Axis,
    head: Head = Head.R,
    *,
    kind: Kind = "gradcam",
    seed: int = 0,
) -> NDArray[np.float64]:
    """Rank correlation of each map with the map of the same net with shuffled weights (Adebayo et al. 2018).

    Each weight tensor keeps its values in random order, so scales stay and all that was learnt is gone. A
    correlation near 1 means that the map does not depend on what was learnt.

    Returns:
        Shape ``(n,)``, Spearman's ρ within [-1, 1]; ``nan`` where a map is constant where the network sees.
    """
    pairs = [
        seen_part(activation_maps(of, crops_rgb_u8, axis, head, kind=kind), of.options.input_size)
        for of in (predictor, with_shuffled_weights(predictor, seed=seed))
    ]
    return np.array([rank_correlation(a, b) for a, b in zip(*pairs, strict=True)])


def with_shuffled_weights(predictor: Predictor, *, seed: int = 0) -> Predictor:
    """A copy whose weight tensors hold the same numbers in random order; the original is not touched."""
    generator = torch.Generator().manual_seed(seed)
    method = deepcopy(predictor.method)
    with torch.no_grad():
        for parameter in method.parameters():
            order = torch.randperm(parameter.numel(), generator=generator).to(parameter.device)
            parameter.copy_(parameter.flatten()[order].view_as(parameter))
    return replace(predictor, method=method, forward=None)


def score_map(
    predictor: Predictor,
    crop_rgb_u8: Crops,
    values: Maps,
    axis: Axis,
    head: Head = Head.R,
    *,
    steps: int = STEPS,
    shuffled: Predictor | None = None,
) -> dict[str, float]:
    """``gini``, ``deletion`` and ``insertion`` of one map, and ``random`` where a shuffled net is given.

    ``random`` is that of :func:`random_weights_check`; give :func:`with_shuffled_weights` of the predictor, made once
    for many maps.
    """
    side = predictor.options.input_size
    scores = {
        "gini": gini(seen_part(values, side)),
        "deletion": deletion(predictor, crop_rgb_u8, values, axis, head, steps=steps),
        "insertion": insertion(predictor, crop_rgb_u8, values, axis, head, steps=steps),
    }
    if shuffled is not None:
        other = activation_maps(shuffled, crop_rgb_u8[None], axis, head)[0]
        scores["random"] = rank_correlation(seen_part(values, side), seen_part(other, side))
    return scores


def _curve(
    predictor: Predictor, crop: Crops, values: Maps, axis: Axis, head: Head, *, steps: int, starts_sharp: bool
) -> NDArray[np.float64]:
    """The output after each step, ``steps + 1`` numbers."""
    if crop.ndim != 3 or crop.shape[:2] != values.shape:
        raise ShapeError(
            f"expected one face (h, w, 3) and its map (h, w), got shapes {crop.shape} and {values.shape}"
        )
    part = seen_pixels(values.shape[-1], predictor.options.input_size)
    seen = values[part, part]
    rank = np.empty(seen.size, np.int64)
    rank[np.argsort(-seen, axis=None, kind="stable")] = np.arange(seen.size)
    # what the network does not see goes with the first step: resizing mixes a little of it into the window's edge
    place = np.full(values.shape, -1, np.int64)
    place[part, part] = rank.reshape(seen.shape)
    blurred = cv2.GaussianBlur(crop, (0, 0), sigmaX=_BLUR_SHARE * min(values.shape))
    before, after = (crop, blurred) if starts_sharp else (blurred, crop)
    limits = np.linspace(0, seen.size, steps + 1)
    limits[0] = -1  # nothing is done yet
    is_done = place[None] < limits[:, None, None]
    pictures = np.where(is_done[..., None], after[None], before[None]).astype(np.uint8)
    return head_values(predictor, pictures, head)[:, AXES.index(axis)].astype(np.float64)


def _remaining(shown: NDArray[np.float64], *, full: float, empty: float) -> float:
    scale = abs(full - empty)
    if scale < _TOO_SMALL:
        return float("nan")
    share = np.clip(1 - np.abs(shown - full) / scale, 0, 1)
    return float(np.trapezoid(share, dx=1 / (len(share) - 1)))


def rank_correlation(a: Maps, b: Maps) -> float:
    """Spearman's ρ of two maps, pixel by pixel; ``nan`` where one is constant but for rounding, so has no order."""
    if any(np.ptp(values) <= _FLAT * np.abs(values).max() for values in (a, b)):
        return float("nan")
    ranks = [pd.Series(values.ravel()).rank().to_numpy(np.float64) for values in (a, b)]
    da, db = (r - r.mean() for r in ranks)
    return float((da * db).sum() / np.sqrt((da * da).sum() * (db * db).sum()))
