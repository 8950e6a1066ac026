"""Protocols: what a figure is computed over. Figures of different protocols must never be ranked together.

``concatenated``
    Over all frames together, population moments.
``per_video``
    Each figure per video, then the mean over the videos in which it is defined (OMG-Emotion's way).
``authors``
    What the authors' public code computes: PCC and CCC divide the covariance by n - 1 and the variances by n,
    RMSE is the mean over batches of frames in order, zero labels count as wrong in SAGR. A perfect prediction
    scores n / (n - 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from avce.errors import OptionError, ShapeError
from avce.metrics.moments import FIGURES, Floats, Moments, check_finite, figures_of, reasons_of
from avce.options import Axis

PROTOCOLS = ("concatenated", "per_video", "authors")
AUTHORS_BATCH = 256
"""Batch size of the authors' AlexNet runs, over which their RMSE is averaged."""


def score(
    pred: ArrayLike,
    target: ArrayLike,
    *,
    protocol: str = "concatenated",
    videos: ArrayLike | None = None,
    zero_labels: str = "excluded",
) -> dict[str, dict[str, float]]:
    """All figures of both axes under one protocol.

    Args:
        pred: Predictions, shape ``(n, 2)``, columns valence and arousal.
        target: Labels, same shape.
        protocol: One of :data:`PROTOCOLS`.
        videos: Video of each row, shape ``(n,)``; needed by ``per_video``, ignored by the others.
        zero_labels: As in :func:`avce.metrics.functional.sagr`; ``authors`` always counts them wrong.

    Returns:
        ``{"valence": {"rmse", "sagr", "pcc", "ccc", "icc"}, "arousal": {…}}``; undefined figures are ``nan``, and
        :func:`reasons` tells why.

    Raises:
        ShapeError: Other shapes, no rows, or no videos where the protocol needs them.
        DomainError: A ``nan`` or an infinity.
        OptionError: Unknown protocol or ``zero_labels``.
    """
    check_protocol(protocol)
    p, y = checked_pairs(pred, target)
    codes = video_codes(videos, len(p)) if protocol == "per_video" else None
    return {
        axis.value: _score_axis(p[:, column], y[:, column], codes, protocol, zero_labels)
        for column, axis in enumerate(Axis)
    }


def reasons(
    figures: Mapping[str, Mapping[str, float]],
    pred: ArrayLike,
    target: ArrayLike,
    *,
    protocol: str = "concatenated",
    videos: ArrayLike | None = None,
) -> dict[str, dict[str, str]]:
    """Why figures are ``nan``.

    Args:
        figures: What :func:`score` gave for the other arguments, which are as there.
        pred: As there, and so on.
        target: As there.
        protocol: As there.
        videos: As there.

    Returns:
        ``{"valence": {figure: short sentence}, "arousal": {…}}``, only of figures that are ``nan``. Under ``per_video``
        that is a figure which no video has; the sentence is that of the first video.
    """
    p, y = checked_pairs(pred, target)
    where = ""
    if protocol == "per_video":
        codes = video_codes(videos, len(p))
        where = f"in none of {codes.max() + 1:,} videos; in the first " if codes.max() else ""
        p, y = p[codes == 0], y[codes == 0]
    why: dict[str, dict[str, str]] = {}
    for column, axis in enumerate(Axis):
        undefined = [name for name in FIGURES if np.isnan(figures[axis.value][name])]
        texts = reasons_of(Moments.of(p[:, column], y[:, column])) if undefined else {}
        why[axis.value] = {name: where + texts[name] for name in undefined}
    return why


def _score_axis(
    p: Floats, y: Floats, codes: NDArray[np.intp] | None, protocol: str, zero_labels: str
) -> dict[str, float]:
    if protocol == "concatenated":
        return _floats(figures_of(Moments.of(p, y), zero_labels=zero_labels))
    if codes is not None:
        per_group = figures_of(group_moments(p, y, codes), zero_labels=zero_labels)
        return _floats({name: mean_of_defined(values) for name, values in per_group.items()})
    figures = authors_figures(Moments.of(p, y))
    return _floats(figures | {"rmse": mean_batch_rmse((p - y) ** 2)})


def authors_figures(m: Moments) -> dict[str, Floats]:
    """The authors' PCC, CCC and SAGR; RMSE is the plain one, their batches are not in the moments.

    ICC is not in their code and stays the textbook one.
    """
    bessel = np.full(np.shape(m.n), np.nan)
    np.divide(m.n, m.n - 1, out=bessel, where=m.n > 1)
    figures = figures_of(m, zero_labels="counted_wrong")
    return figures | {"pcc": figures["pcc"] * bessel, "ccc": figures["ccc"] * bessel}


def mean_batch_rmse(squared_error: Floats, *, batch: int = AUTHORS_BATCH) -> float:
    """Mean over consecutive batches of each batch's RMSE (over full batches never above the plain RMSE)."""
    starts = np.arange(0, len(squared_error), batch)
    sizes = np.diff(np.append(starts, len(squared_error)))
    return float(np.sqrt(np.add.reduceat(squared_error, starts) / sizes).mean())


def mean_of_defined(values: Floats) -> Floats:
    """Mean over the last axis of the entries that are not ``nan``; ``nan`` when there are none."""
    defined = ~np.isnan(values)
    count = defined.sum(axis=-1)
    out = np.full(np.shape(count), np.nan)
    np.divide(np.where(defined, values, 0.0).sum(axis=-1), count, out=out, where=count > 0)
    return out


def group_moments(pred: Floats, target: Floats, codes: NDArray[np.intp]) -> Moments:
    """Moments of each group, stacked, shape ``(groups,)``; two passes over the rows, no loop over groups.

    Args:
        pred: Shape ``(n,)``.
        target: Shape ``(n,)``.
        codes: Group number of each row, 0 … groups − 1, every number in use.
    """
    count = int(codes.max()) + 1
    n = np.bincount(codes, minlength=count).astype(np.float64)

    def mean(values: Floats) -> Floats:
        return np.bincount(codes, weights=values, minlength=count) / n

    first = np.full(count, len(codes))
    np.minimum.at(first, codes, np.arange(len(codes)))
    # centring on a row of the group first keeps a constant group exactly constant
    offset_p, offset_y = pred[first], target[first]
    shift_p, shift_y = mean(pred - offset_p[codes]), mean(target - offset_y[codes])
    mean_p, mean_y = offset_p + shift_p, offset_y + shift_y
    dp, dy = pred - mean_p[codes], target - mean_y[codes]
    same, signed = np.sign(pred) == np.sign(target), target != 0
    return Moments(
        n, mean_p, mean_y, mean(dp * dp), mean(dy * dy), mean(dp * dy), mean((pred - target) ** 2),
        mean(signed.astype(np.float64)) * n, mean((same & signed).astype(np.float64)) * n,
        mean((same & ~signed).astype(np.float64)) * n,
    )  # fmt: skip


def check_protocol(protocol: str) -> None:
    """Refuse what is none of :data:`PROTOCOLS`, with an :class:`OptionError`."""
    if protocol not in PROTOCOLS:
        raise OptionError(f"protocol: expected one of {', '.join(PROTOCOLS)}, got {protocol!r}")


def checked_pairs(pred: ArrayLike, target: ArrayLike) -> tuple[Floats, Floats]:
    """Both as float64 of shape ``(n, 2)``.

    Raises:
        ShapeError: Other shapes or no rows.
        DomainError: A ``nan`` or an infinity; the text names the first such row.
    """
    p, y = np.asarray(pred, np.float64), np.asarray(target, np.float64)
    if p.ndim != 2 or p.shape != y.shape or p.shape[1] != len(Axis) or len(p) == 0:
        raise ShapeError(
            "pred, target: expected two arrays of shape (n, 2), n >= 1, columns valence and arousal; got"
            f" {p.shape} and {y.shape}"
        )
    check_finite(pred=p, target=y)
    return p, y


def video_codes(videos: ArrayLike | None, rows: int) -> NDArray[np.intp]:
    """:func:`group_codes` of what ``per_video`` averages over.

    Raises:
        ShapeError: ``None``, or not one per row.
    """
    if videos is None:
        raise ShapeError("videos: protocol per_video needs the video of each row, got None")
    return group_codes(videos, rows, name="videos")


def group_codes(groups: ArrayLike, rows: int, *, name: str = "groups") -> NDArray[np.intp]:
    """Groups as numbers 0, 1, … in order of first appearance.

    Raises:
        ShapeError: Not one group per row.
    """
    values: Any = np.asarray(groups)
    if values.shape != (rows,):
        raise ShapeError(f"{name}: expected one per row, shape ({rows},), got {values.shape}")
    return np.asarray(pd.factorize(values, use_na_sentinel=False)[0], np.intp)


def _floats(figures: dict[str, Any]) -> dict[str, float]:
    return {name: float(figures[name]) for name in FIGURES}
