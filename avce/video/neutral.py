"""Values seen from a person's own neutral expression, beside the values themselves. Torch-free.

Faces at rest differ: what a model says of a neutral face is not 0 for everybody. Where somebody says in which frames a
face is neutral, the mean over those frames is taken as that person's zero.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from avce.video.points import Values

CALIBRATED_COLUMNS = ("valence_calibrated", "arousal_calibrated")


def calibrated(table: pd.DataFrame, neutral: Mapping[int, Values]) -> pd.DataFrame:
    """Valence and arousal less those of the neutral face.

    Args:
        table: A trajectory of one run.
        neutral: Track to the run's mean valence and arousal over the frames in which that face is neutral.

    Returns:
        :data:`CALIBRATED_COLUMNS` on the rows of ``table``; ``nan`` without a value, and for faces whose
        neutral is not known. Not clipped: a face far from its neutral may leave [-1, 1].
    """
    tracks = table["track"].astype("Int64")
    columns = {}
    for name, values, place in zip(CALIBRATED_COLUMNS, ("valence", "arousal"), (0, 1), strict=True):
        zero = tracks.map({track: float(means[place]) for track, means in neutral.items()})
        columns[name] = table[values].to_numpy(float) - pd.to_numeric(zero).to_numpy(float, na_value=np.nan)
    return pd.DataFrame(columns, index=table.index)
