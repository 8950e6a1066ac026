"""Confidence intervals by resampling videos or subjects, never frames.

Frames of one video resemble each other; resampling frames pretends to more evidence than there is (on a
synthetic case CCC [.914, .919] instead of [.882, .931]). The cost does not depend on the number of frames:
each cluster is summed up once (:mod:`avce.metrics.moments`) and a resample is a weighted sum of these sums. Only the
protocol ``authors`` looks at as many sums as there are batches, since its RMSE depends on where batches begin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from avce.errors import DomainError, OptionError
from avce.metrics.moments import FIGURES, Floats, Moments, figures_of
from avce.metrics.protocols import (
    AUTHORS_BATCH,
    authors_figures,
    check_protocol,
    checked_pairs,
    group_codes,
    group_moments,
    score,
    video_codes,
)
from avce.options import Axis

MEAN = "mean"
"""Key of the mean of both axes, in paired differences."""

_CHUNK = 4_000_000  # cluster draws held at a time, about 64 MB


@dataclass(frozen=True)
class Difference:
    """A paired difference of one figure between two models on the same frames.

    Attributes:
        difference: First model minus second.
        low: Lower end of the interval; ``nan`` when undefined.
        high: Upper end.
        p_value: Two-sided bootstrap p of "no difference"; never 0, at least 2 / (resamples + 1).
        p_holm: ``p_value`` corrected for the number of comparisons made together.
    """

    difference: float
    low: float
    high: float
    p_value: float
    p_holm: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval excludes 0."""
        return self.low > 0 or self.high < 0


def intervals(
    pred: ArrayLike,
    target: ArrayLike,
    groups: ArrayLike | None,
    *,
    protocol: str = "concatenated",
    videos: ArrayLike | None = None,
    zero_labels: str = "excluded",
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, dict[str, tuple[float, float]]]:
    """Percentile intervals of every figure, by a cluster bootstrap.

    Args:
        pred: Predictions, shape ``(n, 2)``.
        target: Labels, same shape.
        groups: Subject or video of each row; ``None`` takes each row alone, which is right for unrelated
            pictures only.
        protocol: As in :func:`avce.metrics.protocols.score`.
        videos: What ``per_video`` averages over; ``None``: the groups. Groups that share a video are drawn together.
        zero_labels: As in :func:`~avce.metrics.protocols.score`.
        resamples: Number of resamples, >= 1.
        confidence: Coverage, within (0, 1).
        seed: Same seed, same interval.

    Returns:
        The shape of :func:`~avce.metrics.protocols.score` with ``(low, high)``; ``(nan, nan)`` where
        fewer than two groups exist, or the figure is undefined in half of the resamples or more.

    Raises:
        ShapeError: As ``score``.
        DomainError: As ``score``.
        OptionError: As ``score``, or a count or coverage out of range.
    """
    _check(resamples, confidence, protocol)
    p, y = checked_pairs(pred, target)
    rows = _Rows.of(len(p), groups, videos, protocol)
    samples = _resampled(
        [p], y, rows, protocol=protocol, zero_labels=zero_labels, resamples=resamples, seed=seed
    )[0]
    few = rows.n_units < 2
    return {
        axis.value: {
            name: _percentiles(samples[axis.value][name], confidence, undefined=few) for name in FIGURES
        }
        for axis in Axis
    }


def paired_difference(
    pred_a: ArrayLike,
    pred_b: ArrayLike,
    target: ArrayLike,
    groups: ArrayLike | None,
    *,
    protocol: str = "concatenated",
    videos: ArrayLike | None = None,
    zero_labels: str = "excluded",
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, dict[str, Difference]]:
    """Model A minus model B on the same frames, both scored on the same resamples.

    Args:
        pred_a: Predictions of A, shape ``(n, 2)``.
        pred_b: Predictions of B, same rows.
        target: Labels, same shape.
        groups: As in :func:`intervals`.
        protocol: As there.
        videos: As there.
        zero_labels: As there.
        resamples: As there.
        confidence: As there.
        seed: As there.

    Returns:
        ``{"valence": {figure: Difference}, "arousal": {…}, "mean": {…}}``; ``mean`` is over both axes. The
        sign of RMSE differences is A − B as well: negative is better for A.
    """
    return compare(
        {"a": pred_a, "b": pred_b}, target, groups, reference="a", protocol=protocol, videos=videos,
        zero_labels=zero_labels, resamples=resamples, confidence=confidence, seed=seed,
    )["b"]  # fmt: skip


def compare(
    preds: Mapping[str, ArrayLike],
    target: ArrayLike,
    groups: ArrayLike | None,
    *,
    reference: str,
    protocol: str = "concatenated",
    videos: ArrayLike | None = None,
    zero_labels: str = "excluded",
    resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, dict[str, dict[str, Difference]]]:
    """One model against several others; p-values of each figure are Holm-corrected over the others.

    Args:
        preds: Name to predictions, each ``(n, 2)`` on the same rows.
        target: Labels.
        groups: As in :func:`intervals`.
        reference: Name of the model that the others are subtracted from.
        protocol: As in :func:`intervals`.
        videos: As there.
        zero_labels: As there.
        resamples: As there.
        confidence: As there.
        seed: As there.

    Returns:
        Name of the other model to what :func:`paired_difference` returns (reference − other).

    Raises:
        OptionError: ``reference`` is not among ``preds``, or nothing to compare it with.
    """
    _check(resamples, confidence, protocol)
    if reference not in preds or len(preds) < 2:
        raise OptionError(
            f"reference: expected one of two or more models, got {reference!r} among {list(preds)}"
        )
    names = [reference, *(name for name in preds if name != reference)]
    arrays = [checked_pairs(preds[name], target)[0] for name in names]
    y = checked_pairs(arrays[0], target)[1]
    rows = _Rows.of(len(y), groups, videos, protocol)
    points = [
        _with_mean(score(a, y, protocol=protocol, videos=rows.videos, zero_labels=zero_labels))
        for a in arrays
    ]
    draws = [
        _with_mean(sample)
        for sample in _resampled(
            arrays, y, rows, protocol=protocol, zero_labels=zero_labels, resamples=resamples, seed=seed
        )
    ]
    table: dict[str, dict[str, dict[str, Difference]]] = {name: {} for name in names[1:]}
    few = rows.n_units < 2
    for row in points[0]:
        for figure in FIGURES:
            found = [
                _difference(
                    float(points[0][row][figure] - points[i][row][figure]),
                    draws[0][row][figure] - draws[i][row][figure], confidence, undefined=few,
                )
                for i in range(1, len(names))
            ]  # fmt: skip
            adjusted = holm([d.p_value for d in found])
            for name, difference, p_holm in zip(names[1:], found, adjusted, strict=True):
                table[name].setdefault(row, {})[figure] = replace(difference, p_holm=float(p_holm))
    return table


def holm(p_values: Sequence[float] | Floats) -> Floats:
    """Holm's step-down correction (1979); controls the family-wise error without assumptions.

    Args:
        p_values: Shape ``(m,)``, within [0, 1]; ``nan`` entries stay ``nan`` and are not counted.

    Returns:
        Adjusted values in the given order, never below the given ones, at most 1.

    Raises:
        DomainError: A value outside [0, 1].
    """
    p = np.asarray(p_values, np.float64)
    defined = np.flatnonzero(~np.isnan(p))
    if ((p[defined] < 0) | (p[defined] > 1)).any():
        raise DomainError(f"p_values: expected numbers within [0, 1], got {p.tolist()}")
    order = defined[np.argsort(p[defined], kind="stable")]
    adjusted = np.full(p.shape, np.nan)
    steps = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps * p[order]), 1.0)
    return adjusted


# resampling


@dataclass(frozen=True)
class _Rows:
    """Which rows are drawn together.

    Attributes:
        units: Number of the unit of each row, 0 … n_units − 1.
        videos: Number of the video of each row; the unit's where the protocol looks at no videos.
    """

    units: NDArray[np.intp]
    videos: NDArray[np.intp]

    @classmethod
    def of(cls, n: int, groups: ArrayLike | None, videos: ArrayLike | None, protocol: str) -> Self:
        if protocol != "per_video":
            alone = np.arange(n) if groups is None else group_codes(groups, n)
            return cls(alone, alone)
        of_video = video_codes(groups if videos is None else videos, n)
        if groups is None or videos is None:
            return cls(of_video, of_video)
        units = group_codes(groups, n)
        # a video of two persons has one figure, so both are drawn or neither
        n_units = int(units.max()) + 1
        edges = coo_array(
            (np.ones(n, np.bool_), (units, n_units + of_video)),
            shape=(n_units + int(of_video.max()) + 1,) * 2,
        )
        return cls(group_codes(connected_components(edges, directed=False)[1][units], n), of_video)

    @property
    def n_units(self) -> int:
        return int(self.units.max()) + 1


def _resampled(
    preds: Sequence[Floats],
    target: Floats,
    rows: _Rows,
    *,
    protocol: str,
    zero_labels: str,
    resamples: int,
    seed: int,
) -> list[dict[str, dict[str, Floats]]]:
    """Figures of each model on each resample; all models see the same resamples."""
    stacks = [
        [_summed(p[:, k], target[:, k], rows, protocol, zero_labels) for k in range(len(Axis))] for p in preds
    ]
    parts: list[list[list[dict[str, Floats]]]] = [[[] for _ in Axis] for _ in preds]
    for drawn in _draws(rows.n_units, resamples, seed):
        for model, stack in enumerate(stacks):
            for k, summed in enumerate(stack):
                parts[model][k].append(summed.figures(drawn))
    return [
        {
            axis.value: {name: np.concatenate([part[name] for part in of_model[k]]) for name in FIGURES}
            for k, axis in enumerate(Axis)
        }
        for of_model in parts
    ]


@dataclass(frozen=True)
class _Drawn:
    """Some resamples: ``units`` in the order drawn and ``counts``, how often each was; both ``(chunk, n_units)``."""

    units: NDArray[np.intp]
    counts: Floats


def _draws(clusters: int, resamples: int, seed: int) -> Iterator[_Drawn]:
    rng = np.random.default_rng(seed)
    step = max(1, _CHUNK // clusters)
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        drawn = rng.integers(0, clusters, (rows, clusters))
        flat = (drawn + np.arange(rows)[:, None] * clusters).ravel()
        counts = np.bincount(flat, minlength=rows * clusters)
        yield _Drawn(drawn, counts.reshape(rows, clusters).astype(np.float64))


class _Summed(Protocol):
    """One model and axis, summed up per unit; gives the figures of a chunk of resamples."""

    def figures(self, drawn: _Drawn) -> dict[str, Floats]:
        """Each figure, shape ``(chunk,)``."""


def _summed(pred: Floats, target: Floats, rows: _Rows, protocol: str, zero_labels: str) -> _Summed:
    if protocol == "per_video":
        return _PerVideo(pred, target, rows, zero_labels)
    if protocol == "authors":
        return _Authors(pred, target, rows)
    return _Concatenated(pred, target, rows, zero_labels)


class _Concatenated:
    def __init__(self, pred: Floats, target: Floats, rows: _Rows, zero_labels: str) -> None:
        self.zero_labels = zero_labels
        self.sums = _centred_sums(pred, target, rows.units)

    def figures(self, drawn: _Drawn) -> dict[str, Floats]:
        return figures_of(Moments.from_sums(drawn.counts @ self.sums), zero_labels=self.zero_labels)


class _PerVideo:
    """Per unit and figure: the sum over its videos in which the figure is defined, and their number."""

    def __init__(self, pred: Floats, target: Floats, rows: _Rows, zero_labels: str) -> None:
        unit_of_video = np.zeros(int(rows.videos.max()) + 1, np.intp)
        unit_of_video[rows.videos] = rows.units
        per_video = figures_of(group_moments(pred, target, rows.videos), zero_labels=zero_labels)
        self.sums = {
            name: np.stack(
                [
                    np.bincount(unit_of_video, np.nan_to_num(values), rows.n_units),
                    np.bincount(unit_of_video, ~np.isnan(values), rows.n_units),
                ],
                axis=1,
            )
            for name, values in per_video.items()
        }

    def figures(self, drawn: _Drawn) -> dict[str, Floats]:
        found = {}
        for name, sums in self.sums.items():
            total, defined = (drawn.counts @ sums).T
            found[name] = np.divide(total, defined, out=np.full(len(total), np.nan), where=defined > 0)
        return found


class _Authors:
    """Sums per unit, and running sums of squared errors over the rows in the units' order."""

    def __init__(self, pred: Floats, target: Floats, rows: _Rows) -> None:
        self.sums = _centred_sums(pred, target, rows.units)
        order = np.argsort(rows.units, kind="stable")
        self.running = np.concatenate([[0.0], np.cumsum((pred - target)[order] ** 2)])
        self.size = np.bincount(rows.units)
        self.start = np.cumsum(self.size) - self.size

    def figures(self, drawn: _Drawn) -> dict[str, Floats]:
        rmse = np.array([self._mean_batch_rmse(row) for row in drawn.units])
        return authors_figures(Moments.from_sums(drawn.counts @ self.sums)) | {"rmse": rmse}

    def _mean_batch_rmse(self, units: NDArray[np.intp]) -> float:
        """:func:`~avce.metrics.protocols.mean_batch_rmse` over the rows of the drawn units, one after the other."""
        start, end = self.start[units], np.cumsum(self.size[units])
        before = np.cumsum(self.running[start + self.size[units]] - self.running[start])
        edges = np.append(np.arange(0, end[-1], AUTHORS_BATCH), end[-1])
        unit = np.searchsorted(
            end[:-1], edges, side="right"
        )  # without the last end: its edge is in the last unit
        into = edges - (end[unit] - self.size[units[unit]])
        within = self.running[start[unit] + into] - self.running[start[unit]]
        up_to = within + np.concatenate([[0.0], before])[unit]
        return float(np.sqrt(np.maximum(np.diff(up_to), 0.0) / np.diff(edges)).mean())


def _centred_sums(pred: Floats, target: Floats, units: NDArray[np.intp]) -> Floats:
    # a common shift changes no figure but through the sums' rounding: centre first
    moments, shift = group_moments(pred, target, units), target.mean()
    return replace(
        moments, mean_pred=moments.mean_pred - shift, mean_target=moments.mean_target - shift
    ).stacked_sums()


def _with_mean(figures: Mapping[str, Mapping[str, Floats | float]]) -> dict[str, dict[str, Floats | float]]:
    by_row = {axis.value: dict(figures[axis.value]) for axis in Axis}
    by_row[MEAN] = {name: sum(by_row[axis.value][name] for axis in Axis) / len(Axis) for name in FIGURES}
    return by_row


def _percentiles(values: Floats, confidence: float, *, undefined: bool) -> tuple[float, float]:
    defined = values[~np.isnan(values)]
    if undefined or len(defined) * 2 <= len(values):
        return (float("nan"), float("nan"))
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def _difference(point: float, draws: Floats | float, confidence: float, *, undefined: bool) -> Difference:
    values = np.asarray(draws, np.float64)
    low, high = _percentiles(values, confidence, undefined=undefined)
    if np.isnan(low):
        return Difference(point, low, high, float("nan"), float("nan"))
    defined = values[~np.isnan(values)]
    tail = min(np.count_nonzero(defined <= 0), np.count_nonzero(defined >= 0))
    p = min(1.0, 2 * (tail + 1) / (len(defined) + 1))
    return Difference(point, low, high, p, p)


def _check(resamples: int, confidence: float, protocol: str) -> None:
    if resamples < 1 or not 0 < confidence < 1:
        raise OptionError(
            f"expected resamples >= 1 and confidence within (0, 1), got {resamples} and {confidence}"
        )
    check_protocol(protocol)
