"""Rows of a data set as sequences of frames, for methods that look at time. Torch-free."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def sequence_numbers(samples: pd.DataFrame, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which sequence each row belongs to; see :func:`sequences_of`."""
    chosen = samples.iloc[rows]
    video = pd.factorize(chosen["video"])[0]
    is_alone = (chosen["video"] == "").to_numpy(bool) | (chosen["frame"] < 0).to_numpy(bool)
    return np.where(is_alone, video.max(initial=0) + 1 + np.arange(len(rows)), video).astype(np.int64)


def sequences_of(samples: pd.DataFrame, rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Positions in ``rows`` of each sequence, its frames in the order of time.

    Args:
        samples: The data's table; of it ``video`` and ``frame`` count.
        rows: Row numbers.

    Returns:
        A video or named sequence of pictures is one; frames that are not among the rows (no face, no label) are passed over.
        A picture that belongs to none is a sequence of one. Every position occurs once.
    """
    key = sequence_numbers(samples, rows)
    order = np.lexsort((samples["frame"].to_numpy(np.int64)[rows], key))
    ends = np.flatnonzero(np.diff(key[order])) + 1
    return [part.astype(np.int64) for part in np.split(order, ends) if len(part)]


def clips_of(
    samples: pd.DataFrame, rows: NDArray[np.int64], length: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All rows in the order of their sequences, and the places in it where a clip of ``length`` frames may begin."""
    parts = sequences_of(samples, rows)
    ordered = rows[np.concatenate(parts)] if parts else rows
    lengths = np.array([len(part) for part in parts], np.int64)
    first = np.cumsum(lengths) - lengths
    starts = [np.arange(at, at + n - length + 1) for at, n in zip(first, lengths, strict=True) if n >= length]
    return ordered, np.concatenate(starts) if starts else np.empty(0, np.int64)
