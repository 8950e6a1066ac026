"""Which scale labels are on: recognised where certain, asked for where not, never guessed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avce.errors import DataError

SCALES: dict[str, tuple[float, float]] = {
    "-1..1": (-1, 1), "-10..10": (-10, 10), "1..9": (1, 9), "1..7": (1, 7), "0..1": (0, 1),
}  # fmt: skip
"""Ends of each scale; its middle is neutral."""


class AmbiguousScaleError(DataError):
    """Labels lie outside [-1, 1] and more than one scale may be meant.

    Attributes:
        candidates: Values of ``label_scale`` that hold all labels, the tightest first.
    """

    def __init__(self, message: str, candidates: list[str]) -> None:
        super().__init__(message)
        self.candidates = candidates


def candidates(valence: NDArray[np.float64], arousal: NDArray[np.float64]) -> list[str]:
    """Scales that hold all these labels, the tightest first."""
    low = min(valence.min(initial=np.inf), arousal.min(initial=np.inf))
    high = max(valence.max(initial=-np.inf), arousal.max(initial=-np.inf))
    fits = [name for name, (start, end) in SCALES.items() if start <= low and high <= end]
    return sorted(fits, key=lambda name: SCALES[name][1] - SCALES[name][0])


def to_unit(values: NDArray[np.float64], scale: str) -> NDArray[np.float64]:
    """Labels of a scale brought to [-1, 1], ends on ends."""
    start, end = SCALES[scale]
    unit: NDArray[np.float64] = (values - (start + end) / 2) / ((end - start) / 2)
    return unit
