"""Many maps as one: the mean over frames or a quadrant, one axis against the other, and how sparse. Torch-free."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avce.data.views import seen_pixels
from avce.errors import DomainError, ShapeError
from avce.quadrants import QUADRANTS, quadrant_of

Maps: TypeAlias = NDArray[np.float32]


def mean_map(maps: Maps, weights: ArrayLike | None = None) -> Maps:
    """Mean over frames, in aligned face coordinates (all crops come from one recipe).

    Args:
        maps: Shape ``(n, h, w)``, n >= 1.
        weights: Weight of each frame, shape ``(n,)``, not all zero.

    Raises:
        ShapeError: No frames, or other weights.
    """
    if maps.ndim != 3 or len(maps) == 0:
        raise ShapeError(f"maps: expected shape (n, h, w), n >= 1, got {maps.shape}")
    if weights is None:
        return np.asarray(maps.mean(axis=0), np.float32)
    w = np.asarray(weights, np.float64)
    if w.shape != (len(maps),) or w.sum() == 0:
        raise ShapeError(f"weights: expected {len(maps)} numbers, not all zero, got shape {w.shape}")
    return np.asarray(np.average(maps, axis=0, weights=w), np.float32)


def quadrant_means(maps: Maps, values: ArrayLike) -> dict[str, Maps]:
    """Mean map of the frames in each quadrant of the plane.

    Args:
        maps: Shape ``(n, h, w)``.
        values: Valence and arousal of each frame, shape ``(n, 2)``; zero counts as positive.

    Returns:
        Keys of :data:`QUADRANTS`, only those that hold a frame.
    """
    plane = np.asarray(values, np.float64)
    if plane.shape != (len(maps), 2):
        raise ShapeError(f"values: expected shape ({len(maps)}, 2), got {plane.shape}")
    names = quadrant_of(plane)
    return {name: mean_map(maps[names == name]) for name in QUADRANTS if (names == name).any()}


def axis_difference(valence: Maps, arousal: Maps) -> Maps:
    """Valence minus arousal, within [-1, 1]: positive where valence looks, negative where arousal looks."""
    if valence.shape != arousal.shape:
        raise ShapeError(f"expected maps of one shape, got {valence.shape} and {arousal.shape}")
    return np.asarray(valence - arousal, np.float32)


def seen_part(values: Maps, input_size: int) -> Maps:
    """What of a map over a whole crop lies in the window that the network sees.

    Outside it every map is 0 by construction; figures of a map must not count that as something the map says.

    Args:
        values: Shape ``(..., side, side)``, over crops of ``side`` pixels.
        input_size: Side of the network's input, of the run's options.

    Returns:
        A view of the middle, shape ``(..., seen, seen)``.
    """
    part = seen_pixels(values.shape[-1], input_size)
    return values[..., part, part]


def gini(values: ArrayLike) -> float:
    """Gini coefficient of a map, the sparsity of Hurley & Rickard 2009.

    Args:
        values: Numbers >= 0, any shape, at least one.

    Returns:
        0 for a uniform map, (n - 1) / n when one of n pixels holds everything; ``nan`` for a map of zeros.

    Raises:
        ShapeError: Empty.
        DomainError: A negative number, a ``nan`` or an infinity.
    """
    x = np.sort(np.asarray(values, np.float64).ravel())
    if len(x) == 0:
        raise ShapeError("values: expected at least one pixel, got none")
    if not np.isfinite(x).all() or x[0] < 0:
        raise DomainError(f"values: expected finite numbers >= 0, got a minimum of {x[0]}")
    total = x.sum()
    if total == 0:
        return float("nan")
    ranks = np.arange(1, len(x) + 1)
    return float(2 * (ranks * x).sum() / (len(x) * total) - (len(x) + 1) / len(x))
