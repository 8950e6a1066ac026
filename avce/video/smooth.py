"""A running mean beside the values of a trajectory, never in their place. Torch-free."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from avce.video.events import runs_of
from avce.video.trajectory import write_beside

SMOOTHED_COLUMNS = ("frame", "pts_ms", "track", "valence_smoothed", "arousal_smoothed")
"""Columns of the file that goes beside ``trajectory.csv``."""


def smoothed(table: pd.DataFrame, window_s: float) -> pd.DataFrame:
    """Running mean of valence and arousal over time, for each track by itself.

    The window is centred, so peaks stay where they are. It never reaches over a frame without a face: what is
    smoothed was seen without a break. At the ends of such a stretch the window is cut on both sides alike,
    so that the first and the last value are the ones seen.

    Args:
        table: A trajectory of one run, with the columns of ``trajectory.csv``.
        window_s: Full length of the window in seconds; 0 gives the values themselves.

    Returns:
        Columns ``valence_smoothed`` and ``arousal_smoothed`` on the rows of ``table``; ``nan`` where it has no
        value.

    Note: O(n log n). Times are the frames' own, so a varying frame rate does no harm.
    """
    means = np.full((len(table), 2), np.nan)
    for run in runs_of(table):
        for column, values in enumerate((run.valence, run.arousal)):
            means[run.rows, column] = _running_mean(run.ms, values, window_s)
    return pd.DataFrame(means, columns=list(SMOOTHED_COLUMNS[3:]), index=table.index)


def _running_mean(
    ms: NDArray[np.float64], values: NDArray[np.float64], window_s: float
) -> NDArray[np.float64]:
    # Half of the window, or what is there on the shorter side; the slack is that of stored times.
    half = np.minimum(np.minimum(ms - ms[0], ms[-1] - ms), 500 * window_s) + 1e-3
    first = np.searchsorted(ms, ms - half, side="left")
    stop = np.searchsorted(ms, ms + half, side="right")
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray((sums[stop] - sums[first]) / (stop - first), np.float64)


def write_smoothed(trajectory: Path | str, path: Path | str, window_s: float) -> None:
    """Write :data:`SMOOTHED_COLUMNS` for the rows of a ``trajectory.csv``; empty cells stay empty.

    Args:
        trajectory: The file to read; it is not changed.
        path: The file to write.
        window_s: Full length of the window in seconds.
    """
    write_beside(trajectory, path, lambda table: smoothed(table, window_s))
