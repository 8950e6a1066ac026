"""Measuring a checkpoint on a split: figures per axis, intervals over subjects, trivial predictors beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from avce.data.prepared import Prepared
from avce.data.sequences import sequence_numbers, sequences_of
from avce.methods.clips import History
from avce.metrics.bootstrap import intervals
from avce.metrics.clusters import group_labels, video_labels
from avce.metrics.conformal import conformal_band
from avce.metrics.protocols import reasons, score
from avce.options import Axis, EvaluateOptions, Split
from avce.progress import Reporter
from avce.training.checkpoint import Predictor


def evaluate(
    predictor: Predictor,
    data: Prepared,
    options: EvaluateOptions | None = None,
    reporter: Reporter | None = None,
) -> dict[str, Any]:
    """Predict one split and score it.

    Args:
        predictor: A loaded checkpoint.
        data: Prepared data with the split.
        options: Split, protocol, bootstrap.
        reporter: Gets progress and stops between batches.

    Returns:
        ``{"n", "n_groups", "grouped_by", "averaged_over" (``None`` unless per_video), "split", "protocol",
        "zero_labels", "weak_labels", "model", "data", "valence": {"rmse", "sagr", "pcc", "ccc", "icc",
        "interval": {name: [low, high]}, "undefined": {name: reason}}, "arousal": …,
        "band": half-widths (see :func:`avce.metrics.conformal.conformal_band`) or ``None``, "trivial": {name: {"valence": …, "arousal": …}}}``. An undefined figure (PCC of a constant) is ``None``.

    Raises:
        DataError: The split is empty.
    """
    options = options or EvaluateOptions()
    return summarise(predict_split(predictor, data, options, reporter), predictor, data, options)


def predict_split(
    predictor: Predictor, data: Prepared, options: EvaluateOptions, reporter: Reporter | None = None
) -> pd.DataFrame:
    """One row per face of the split, in the data's order.

    Returns:
        Columns ``row, image, video, frame, subject, valence, arousal, pred_valence, pred_arousal``.
    """
    reporter = reporter or Reporter()
    reporter.stage("evaluate")
    rows = data.rows(options.split)
    in_time = (
        np.concatenate(sequences_of(data.samples, rows)) if predictor.look_back else np.arange(len(rows))
    )
    sequence = sequence_numbers(data.samples, rows)
    history: dict[bool, History] = {}
    pred = np.empty((len(rows), 2), np.float32)
    for start in range(0, len(rows), options.batch_size):
        at = in_time[start : start + options.batch_size]
        crops = data.crops_rgb_u8(rows[at])
        pred[at] = predictor.predict_frames(
            crops, sequence[at].tolist(), history, batch_size=options.batch_size
        )
        reporter.progress(start + len(at), len(rows), "faces")
    table: pd.DataFrame = data.samples.iloc[rows][
        ["image", "video", "frame", "subject", "valence", "arousal"]
    ].reset_index(drop=True)
    table.insert(0, "row", rows)
    table["pred_valence"], table["pred_arousal"] = pred[:, 0], pred[:, 1]
    return table


def summarise(
    table: pd.DataFrame, predictor: Predictor, data: Prepared, options: EvaluateOptions
) -> dict[str, Any]:
    """The figures of :func:`evaluate` from the table of :func:`predict_split`."""
    pred = table[["pred_valence", "pred_arousal"]].to_numpy(np.float64)
    target = table[["valence", "arousal"]].to_numpy(np.float64)
    groups, grouped_by = group_labels(table)
    videos, averaged_over = video_labels(table) if options.protocol == "per_video" else (None, None)
    scored = _score(pred, target, videos, options)
    if options.bootstrap:
        bounds = intervals(
            pred,
            target,
            groups,
            protocol=options.protocol,
            videos=videos,
            zero_labels=options.zero_labels,
            resamples=options.bootstrap,
            confidence=options.confidence,
            seed=options.seed,
        )
        for axis in Axis:
            scored[axis.value]["interval"] = _plain(bounds[axis.value])
    band = conformal_band(pred, target, groups, coverage=options.band_coverage)
    return {
        "n": len(table),
        "n_groups": len(np.unique(groups)),
        "grouped_by": grouped_by,
        "averaged_over": averaged_over,
        "split": options.split.value,
        "protocol": options.protocol,
        "zero_labels": options.zero_labels,
        "confidence": options.confidence,
        "weak_labels": bool(data.samples["weak"].iloc[table["row"]].any()),
        "model": predictor.name,
        "data": data.fingerprint,
        **scored,
        "band": None if band is None else band.to_dict(),
        "trivial": {
            name: _score(values, target, videos, options)
            for name, values in trivial_predictions(target, data).items()
        },
    }


def trivial_predictions(target: NDArray[np.float64], data: Prepared) -> dict[str, NDArray[np.float64]]:
    """Predictors that look at no picture; a model must beat them.

    Data without a training split give the mean of the evaluated labels, which no predictor could know; the name says so.
    """
    train = data.samples[data.samples["split"] == Split.TRAIN.value][["valence", "arousal"]].dropna()
    source, whose = (train.to_numpy(np.float64), "training") if len(train) else (target, "evaluated")
    shape = target.shape
    return {
        f"mean of the {whose} labels": np.broadcast_to(source.mean(axis=0), shape).copy(),
        "always positive": np.full(shape, 0.5),
    }


def _score(
    pred: NDArray[np.float64],
    target: NDArray[np.float64],
    videos: NDArray[Any] | None,
    options: EvaluateOptions,
) -> dict[str, Any]:
    scored = score(pred, target, protocol=options.protocol, videos=videos, zero_labels=options.zero_labels)
    why = reasons(scored, pred, target, protocol=options.protocol, videos=videos)
    return {axis.value: _plain(scored[axis.value]) | {"undefined": why[axis.value]} for axis in Axis}


def _plain(values: Any) -> Any:
    """Numbers fit for JSON: an undefined figure becomes ``None``."""
    if isinstance(values, dict):
        return {name: _plain(value) for name, value in values.items()}
    if isinstance(values, (list, tuple, np.ndarray)):
        return [_plain(value) for value in values]
    number = float(values)
    return number if np.isfinite(number) else None
