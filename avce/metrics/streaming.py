"""Figures of data that never lies in memory at once: add batches, merge the parts of several workers."""

from __future__ import annotations

from typing import Self

from numpy.typing import ArrayLike

from avce.errors import ShapeError
from avce.metrics.moments import FIGURES, Moments, figures_of
from avce.metrics.protocols import checked_pairs
from avce.options import Axis


class Accumulator:
    """Streaming form of :func:`avce.metrics.protocols.score` under the protocol ``concatenated``.

    Holds ten numbers per axis, whatever the number of frames. The result does not depend on how frames were
    cut into batches or merged, up to rounding (about 1e-15).

    Args:
        zero_labels: As in :func:`avce.metrics.functional.sagr`.
    """

    def __init__(self, *, zero_labels: str = "excluded") -> None:
        self.zero_labels = zero_labels
        self._moments: list[Moments] | None = None

    @property
    def n(self) -> int:
        """Frames seen."""
        return int(self._moments[0].n) if self._moments else 0

    def update(self, pred: ArrayLike, target: ArrayLike) -> Self:
        """Add a batch of shape ``(n, 2)``, n >= 1.

        Raises:
            ShapeError: Other shapes or no rows.
            DomainError: A ``nan`` or an infinity.
        """
        p, y = checked_pairs(pred, target)
        return self._add([Moments.of(p[:, column], y[:, column]) for column in range(len(Axis))])

    def merge(self, other: Accumulator) -> Self:
        """Add all that another accumulator has seen."""
        return self._add(other._moments) if other._moments else self

    def compute(self) -> dict[str, dict[str, float]]:
        """The figures so far, as :func:`avce.metrics.protocols.score` returns them.

        Raises:
            ShapeError: Nothing was added yet.
        """
        if self._moments is None:
            raise ShapeError("expected at least one frame before compute(), got none; call update() first")
        results = (figures_of(m, zero_labels=self.zero_labels) for m in self._moments)
        return {
            axis.value: {name: float(figures[name]) for name in FIGURES}
            for axis, figures in zip(Axis, results, strict=True)
        }

    def _add(self, moments: list[Moments]) -> Self:
        if self._moments is not None:
            moments = [mine.merged(theirs) for mine, theirs in zip(self._moments, moments, strict=True)]
        self._moments = moments
        return self
