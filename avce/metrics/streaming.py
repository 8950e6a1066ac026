"""Figures of data that never lies in memory at once: add batches, merge the parts of several workers."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from avce.errors import OptionError, ShapeError
from avce.metrics.moments import FIGURES, Floats, Moments, figures_of
from avce.metrics.protocols import (
    AUTHORS_BATCH,
    authors_figures,
    check_protocol,
    checked_pairs,
    mean_of_defined,
    video_codes,
)
from avce.options import Axis

Pairs = list[Moments]
"""Moments of each axis."""


class Accumulator:
    """Streaming form of :func:`avce.metrics.protocols.score`, equal to it up to rounding (about 1e-15).

    Holds ten numbers per axis, under ``per_video`` per axis and video, whatever the number of frames. How frames were
    cut into batches or merged changes nothing; frames of one video may lie in any of them.

    Args:
        protocol: As in :func:`~avce.metrics.protocols.score`.
        zero_labels: As in :func:`avce.metrics.functional.sagr`; ``authors`` always counts them wrong.

    Raises:
        OptionError: Unknown protocol.
    """

    def __init__(self, *, protocol: str = "concatenated", zero_labels: str = "excluded") -> None:
        check_protocol(protocol)
        self.protocol, self.zero_labels = protocol, zero_labels
        self._of: dict[object, Pairs] = {}
        """Moments per video; without videos all under ``None``."""
        self._batches = np.zeros(len(Axis))
        """Sum of the RMSE of each full batch of the authors'."""
        self._open: Floats = np.empty((0, len(Axis)))
        """Squared errors of the batch that is not full."""

    @property
    def n(self) -> int:
        """Frames seen."""
        return int(sum(pairs[0].n for pairs in self._of.values()))

    def update(self, pred: ArrayLike, target: ArrayLike, videos: ArrayLike | None = None) -> Self:
        """Add a batch of shape ``(n, 2)``, n >= 1.

        Args:
            pred: Predictions, columns valence and arousal.
            target: Labels.
            videos: Video of each row, shape ``(n,)``; needed by ``per_video``, ignored by the others.

        Raises:
            ShapeError: Other shapes, no rows, or no videos where the protocol needs them.
            DomainError: A ``nan`` or an infinity.
        """
        p, y = checked_pairs(pred, target)
        if self.protocol == "per_video":
            codes, names = video_codes(videos, len(p)), np.asarray(videos)
            order = np.argsort(codes, kind="stable")
            for rows in np.split(order, np.cumsum(np.bincount(codes))[:-1]):
                self._add(names[rows[0]], _moments(p[rows], y[rows]))
            return self
        self._add(None, _moments(p, y))
        if self.protocol == "authors":
            self._add_squares((p - y) ** 2)
        return self

    def merge(self, other: Accumulator) -> Self:
        """Add all that another accumulator has seen, its frames after these.

        Raises:
            OptionError: The two follow different protocols, or this one follows ``authors`` and ends within one of the
                authors' batches: then later batches begin elsewhere, and what was summed up over them is lost.
        """
        if other.protocol != self.protocol:
            raise OptionError(f"protocol: expected {self.protocol} on both sides, got {other.protocol}")
        if not other.n:
            return self
        if len(self._open):
            raise OptionError(
                f"protocol authors: expected a multiple of {AUTHORS_BATCH} frames before merging, got {self.n}; cut"
                " the parts there, or add their frames one after the other"
            )
        for video, pairs in other._of.items():
            self._add(video, pairs)
        self._batches, self._open = self._batches + other._batches, other._open
        return self

    def compute(self) -> dict[str, dict[str, float]]:
        """The figures so far, as :func:`avce.metrics.protocols.score` returns them.

        Raises:
            ShapeError: Nothing was added yet.
        """
        if not self._of:
            raise ShapeError("expected at least one frame before compute(), got none; call update() first")
        return {
            axis.value: {name: float(figures[name]) for name in FIGURES}
            for axis, figures in zip(Axis, map(self._figures, range(len(Axis))), strict=True)
        }

    def _figures(self, column: int) -> dict[str, Floats]:
        found = [pairs[column] for pairs in self._of.values()]
        if self.protocol == "authors":
            open_rmse = np.sqrt(self._open[:, column].mean()) if len(self._open) else 0.0
            batches = -(-self.n // AUTHORS_BATCH)
            return authors_figures(found[0]) | {"rmse": (self._batches[column] + open_rmse) / batches}
        per_video = [figures_of(m, zero_labels=self.zero_labels) for m in found]
        return {name: mean_of_defined(np.array([figures[name] for figures in per_video])) for name in FIGURES}

    def _add(self, video: object, pairs: Pairs) -> None:
        known = self._of.get(video)
        self._of[video] = (
            [mine.merged(theirs) for mine, theirs in zip(known, pairs, strict=True)] if known else pairs
        )

    def _add_squares(self, squares: Floats) -> None:
        squares = np.concatenate([self._open, squares])
        full = len(squares) // AUTHORS_BATCH * AUTHORS_BATCH
        batches = squares[:full].reshape(-1, AUTHORS_BATCH, len(Axis))
        self._batches = self._batches + np.sqrt(batches.mean(axis=1)).sum(axis=0)
        self._open = squares[full:]


def _moments(p: Floats, y: Floats) -> Pairs:
    return [Moments.of(p[:, column], y[:, column]) for column in range(len(Axis))]
