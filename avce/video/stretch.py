"""What one stretch of a curve says: mean, spread, slope, and how long it stays in each quadrant. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from avce.quadrants import QUADRANTS, quadrant_of


@dataclass(frozen=True)
class AxisStatistics:
    """One axis over a stretch; ``nan`` where too few frames have a value.

    Attributes:
        mean: Mean over frames with a value.
        sd: Sample standard deviation; needs two frames.
        slope_per_s: Of the least-squares line over the frames' own times; needs two different times.
    """

    mean: float
    sd: float
    slope_per_s: float


@dataclass(frozen=True)
class Stretch:
    """Statistics of one face and model over a stretch.

    Attributes:
        frames: Decoded frames.
        judged: Frames with a value.
        duration_s: From the first frame to the end of the last.
        valence: See :class:`AxisStatistics`.
        arousal: See :class:`AxisStatistics`.
        dwell_s: Seconds in each quadrant of :data:`avce.quadrants.QUADRANTS`; all are there. Zero counts as positive.
    """

    frames: int
    judged: int
    duration_s: float
    valence: AxisStatistics
    arousal: AxisStatistics
    dwell_s: dict[str, float]


def stretch_statistics(table: pd.DataFrame) -> Stretch:
    """Statistics of a stretch.

    Args:
        table: ``frame, pts_ms, valence, arousal``, one row per decoded frame, in order of time.

    Note: a frame lasts until the next one, the last as long as the median frame; a single frame lasts 0 s. Frames
    without a value are in no quadrant.
    """
    seconds = table["pts_ms"].to_numpy(np.float64) / 1000
    lasts = np.diff(seconds)
    lasts = np.append(lasts, np.median(lasts) if len(lasts) else 0.0)[: len(seconds)]
    known = table[["valence", "arousal"]].notna().all(axis=1).to_numpy()
    values = table.loc[known, ["valence", "arousal"]].to_numpy(np.float64)
    names = quadrant_of(values)
    return Stretch(
        len(table),
        int(known.sum()),
        float(lasts.sum()),
        _axis(seconds[known], values[:, 0]),
        _axis(seconds[known], values[:, 1]),
        {name: float(lasts[known][names == name].sum()) for name in QUADRANTS},
    )


def _axis(seconds: NDArray[np.float64], values: NDArray[np.float64]) -> AxisStatistics:
    if len(values) == 0:
        return AxisStatistics(float("nan"), float("nan"), float("nan"))
    times = seconds - seconds.mean()
    spread = float(times @ times)
    return AxisStatistics(
        float(values.mean()),
        float(values.std(ddof=1)) if len(values) > 1 else float("nan"),
        float(times @ values) / spread if spread > 0 else float("nan"),
    )
