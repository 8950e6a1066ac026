"""The four quadrants of the valence-arousal plane and the poster's word for each. Torch-free."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avce.errors import ShapeError

QUADRANTS = {
    "V+A+": "happy",
    "V-A+": "fear",
    "V-A-": "sad",
    "V+A-": "pleasant",
}
"""Quadrants of the plane and the poster's word for each."""


def quadrant_of(values: ArrayLike) -> NDArray[np.str_]:
    """Key of :data:`QUADRANTS` for each point; zero counts as positive.

    Args:
        values: Valence and arousal, shape ``(n, 2)``, without ``nan``.

    Raises:
        ShapeError: Another shape.
    """
    plane = np.asarray(values, np.float64)
    if plane.ndim != 2 or plane.shape[1] != 2:
        raise ShapeError(f"values: expected shape (n, 2), got {plane.shape}")
    return np.char.add(np.where(plane[:, 0] >= 0, "V+", "V-"), np.where(plane[:, 1] >= 0, "A+", "A-"))
