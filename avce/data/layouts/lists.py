"""What layouts with picture lists share: splits in file names, and pictures of which some may be missing."""

from __future__ import annotations

from pathlib import PurePosixPath

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from avce.data.findings import SHOWN_PLACES, Finding, finding
from avce.data.labels import Resolver, split_of
from avce.data.sources import Source
from avce.data.tables import ROW
from avce.errors import DataError

INVALID = -2.0
"""Valence or arousal of a face that could not be rated, in AffectNet and the lists made from it."""

MOST_MISSING = 0.5
"""With more pictures missing than this share, the path must be wrong."""


def split_by_name(key: str) -> str:
    """The split that a list's file name says ("validation_list.csv" is val); "" when it says none."""
    stem = PurePosixPath(key).stem.lower().replace("-", "_")
    return next((split for part in (stem, *stem.split("_")) if (split := split_of(part))), "")


def resolve_some(
    source: Source, key: str, table: pd.DataFrame, roots: tuple[str, ...], notes: list[Finding]
) -> NDArray[np.object_]:
    """Members that the first column's paths mean; "" where a picture is missing, which is noted.

    Raises:
        DataError: Most pictures are missing.
    """
    resolver = Resolver(source, key, roots)
    paths = table[table.columns[0]].astype("str").tolist()
    found = np.array([resolver.find(path) or "" for path in paths], dtype=object)
    missing = np.flatnonzero(found == "")
    if len(missing) > MOST_MISSING * len(found):
        row = int(missing[0])
        raise DataError(
            f"{source.where(key)}, row {table[ROW].iloc[row]}: {paths[row][:200]!r} is not in {source.title}, nor are"
            f" {len(missing) - 1:,} others; put the pictures beside the list"
        )
    if len(missing):
        title = f"{len(missing):,} pictures of {key} are missing"
        notes.append(
            finding(
                "warning", title, "Their rows are left out.", [paths[row] for row in missing[:SHOWN_PLACES]]
            )
        )
    return found
