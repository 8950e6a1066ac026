"""Which rows of a table of predictions belong together when intervals are drawn. No torch."""

from __future__ import annotations

from typing import Any

import pandas as pd
from numpy.typing import NDArray


def group_labels(table: pd.DataFrame) -> tuple[NDArray[Any], str]:
    """What the bootstrap resamples: subjects where known, else videos, else single pictures.

    Args:
        table: Columns ``row, video, subject``; empty or missing names are unknown.

    Returns:
        A label per row, and the word for what the labels are.
    """
    for column in ("subject", "video"):
        values = table[column].fillna("").astype(str)
        if len(values) and (values != "").all():
            return values.to_numpy(), column
    videos = table["video"].fillna("").astype(str)
    subjects = table["subject"].fillna("").astype(str)
    known = subjects.where(subjects != "", videos)
    named = known.where(known != "", "row " + table["row"].astype(str))
    return named.to_numpy(), "picture" if (known == "").all() else "subject, video or picture"
