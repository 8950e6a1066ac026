"""How sure a trajectory is: the band of one model, or how far several models disagree, frame by frame. Torch-free."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from avce.errors import OptionError, ShapeError
from avce.metrics.conformal import BAND_COLUMNS, Band

AXES = ("valence", "arousal")
ENSEMBLE_COLUMNS = tuple(f"{axis}{what}" for axis in AXES for what in ("", "_sd", "_low", "_high"))
"""Mean, standard deviation, least and greatest value of several models, for valence and arousal."""
_SAME = ("frame", "track")


def banded(table: pd.DataFrame, band: Band | None) -> pd.DataFrame:
    """The band of one model around its values.

    Args:
        table: A trajectory of that model.
        band: Of its evaluation; ``None``: not known, which gives empty columns.

    Returns:
        :data:`avce.metrics.conformal.BAND_COLUMNS` on the rows of ``table``; ``nan`` without a value.
    """
    columns = {}
    for axis in AXES:
        values = table[axis].to_numpy(float)
        width = np.nan if band is None else float(getattr(band, axis))
        columns[f"{axis}_low"] = np.maximum(values - width, -1.0)
        columns[f"{axis}_high"] = np.minimum(values + width, 1.0)
    return pd.DataFrame(columns, index=table.index)[list(BAND_COLUMNS)]


def ensemble(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """What several models say together of the same faces, and how far they are apart.

    Args:
        tables: One trajectory per model, two or more, with the same rows in the same order: the models of one pass.

    Returns:
        The first table's rows, with :data:`ENSEMBLE_COLUMNS` in the place of its values: mean, standard deviation
        (of a sample: n - 1), minimum and maximum over the models. ``nan`` where one of them has no value.

    Raises:
        OptionError: Fewer than two tables.
        ShapeError: Rows that differ.
    """
    if len(tables) < 2:
        raise OptionError(f"ensemble: expected trajectories of at least 2 models, got {len(tables)}")
    first = tables[0].reset_index(drop=True)
    for other in tables[1:]:
        rows = other.reset_index(drop=True)
        if len(rows) != len(first) or not all(rows[name].equals(first[name]) for name in _SAME):
            raise ShapeError(
                f"ensemble: expected trajectories with the same rows, got {len(first)} and {len(rows)} rows;"
                " give those of one analysis"
            )
    out = first.drop(columns=[name for name in BAND_COLUMNS if name in first])
    for axis in AXES:
        values = np.stack([table[axis].to_numpy(float) for table in tables])
        out[axis], out[f"{axis}_sd"] = values.mean(axis=0), values.std(axis=0, ddof=1)
        out[f"{axis}_low"], out[f"{axis}_high"] = values.min(axis=0), values.max(axis=0)
    return out
