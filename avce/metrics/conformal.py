"""How far a model may be off: a band around its values, from the errors it made on faces it did not learn from.

Split-conformal prediction (Vovk et al. 2005): of the absolute errors on an evaluation set, take the one that a new
error stays below with the wanted probability. Faces of one person err alike, so persons, not faces, are what is
exchangeable: each weighs the same, and one more, unseen person counts as infinitely wrong (Lee, Barber and Willett
2023, "Distribution-free inference with hierarchical data"). With too few persons for that, each face counts for itself,
and the band says so; it is then too narrow for people unlike those of the evaluation set. No torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from avce.errors import DomainError, ShapeError

BAND_COLUMNS = ("valence_low", "valence_high", "arousal_low", "arousal_high")
"""Columns that hold a band in the tables and files of a trajectory."""


@dataclass(frozen=True)
class Band:
    """Half-widths per axis.

    Attributes:
        valence: The value is wrong by at most this, with the probability ``coverage``.
        arousal: The same for arousal.
        coverage: The probability.
        n: Faces that it comes from.
        n_groups: Persons, videos or pictures that it comes from.
        exchangeable: "group" where groups weigh alike, "face" where there were too few of them.
    """

    valence: float
    arousal: float
    coverage: float
    n: int
    n_groups: int
    exchangeable: str

    def around(self, valence: float, arousal: float) -> tuple[float, float, float, float]:
        """Values in the order of :data:`BAND_COLUMNS`, within [-1, 1]."""
        return (
            max(valence - self.valence, -1.0),
            min(valence + self.valence, 1.0),
            max(arousal - self.arousal, -1.0),
            min(arousal + self.arousal, 1.0),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any] | None) -> Self | None:
        """What :meth:`to_dict` gave, further entries ignored; ``None`` for nothing or for something else."""
        names = cls.__dataclass_fields__
        if not isinstance(values, Mapping) or not set(names) <= set(values):
            return None
        return cls(**{name: values[name] for name in names})


def conformal_band(
    pred: ArrayLike, target: ArrayLike, groups: ArrayLike, *, coverage: float = 0.9
) -> Band | None:
    """The band of a model that predicted an evaluation set.

    Args:
        pred: Shape ``(n, 2)``: valence and arousal.
        target: Shape ``(n, 2)``; rows with a ``nan`` are left out.
        groups: Shape ``(n,)``: the person (or video) of each face.
        coverage: Share of new faces whose true value shall lie inside, above 0 and below 1.

    Returns:
        Half-widths; ``None`` where there are too few faces for the coverage (fewer than 9 for .9).

    Raises:
        ShapeError: Shapes that do not fit.
        DomainError: A coverage out of range.
    """
    if not 0 < coverage < 1:
        raise DomainError(f"coverage: expected a number between 0 and 1, got {coverage}")
    errors = np.abs(np.asarray(pred, np.float64) - np.asarray(target, np.float64))
    names = np.asarray(groups)
    if errors.ndim != 2 or errors.shape[1] != 2 or names.shape != errors.shape[:1]:
        raise ShapeError(f"band: expected errors (n, 2) and n groups, got {errors.shape} and {names.shape}")
    known = np.isfinite(errors).all(axis=1)
    errors, names = errors[known], names[known]
    codes, uniques = pd.factorize(names)
    for exchangeable, of in (("group", codes), ("face", np.arange(len(errors)))):
        widths = [_quantile(errors[:, axis], of, coverage) for axis in (0, 1)]
        if all(np.isfinite(widths)):
            return Band(widths[0], widths[1], coverage, len(errors), len(uniques), exchangeable)
    return None


def _quantile(errors: NDArray[np.float64], groups: NDArray[np.int64], coverage: float) -> float:
    """Smallest error with the wanted mass at or below it; one group more, at infinity, has its share too."""
    if not len(errors):
        return float("inf")
    sizes = np.bincount(groups)
    mass = 1.0 / ((len(sizes) + 1) * sizes[groups])
    order = np.argsort(errors, kind="stable")
    reached = np.cumsum(mass[order]) >= coverage - 1e-9  # rounding of the sum must not cost a step
    return float(errors[order][np.argmax(reached)]) if reached.any() else float("inf")
