"""From the places that findings name back to rows: to show them, and to leave them out."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from avce.data.exclude import named_rows

PAIR, SAME = " ~ ", " = "
"""What stands between the names of look-alikes and of equal files."""
MORE = re.compile(r" \(and [\d,]+ more\)$")

PER_STRETCH = 3
"""Rows that stand for a stretch of frames: its first, middle and last."""


Mask = NDArray[np.bool_]


def rows_of_place(table: pd.DataFrame, place: str, prefer: Sequence[Mask] = ()) -> list[int]:
    """Rows that show what a finding means.

    Args:
        table: Samples with the columns of an index.
        place: As in ``Finding.where``: a picture, a video, frames of it, a line of a label file, several of these
            with ``~`` or ``=`` between them, or a subject, video or category followed by ``: …``.
        prefer: Of each name only rows in the first of these masks that has any of it.

    Returns:
        Row numbers, up to :data:`PER_STRETCH` for each name; none where the place means no row.
    """
    named = [named_rows(table, name) for name in _names(place)]
    if not any(mask.any() for mask in named):
        named = _of_key(table, place)
    return [row for mask in named for row in _spread(_preferred(mask, prefer))]


def _names(place: str) -> list[str]:
    for mark in (PAIR, SAME):
        if mark in place:
            return MORE.sub("", place).split(mark)
    return [place]


def _preferred(mask: Mask, prefer: Sequence[Mask]) -> NDArray[np.intp]:
    return np.flatnonzero(next((mask & liked for liked in prefer if (mask & liked).any()), mask))


def _spread(rows: NDArray[np.intp]) -> list[int]:
    if len(rows) <= PER_STRETCH:
        return [int(row) for row in rows]
    return [int(rows[at]) for at in np.linspace(0, len(rows) - 1, PER_STRETCH).round().astype(int)]


def _of_key(table: pd.DataFrame, place: str) -> list[Mask]:
    """Rows of ``clip.mp4: 118 frames`` or ``anger: valence -.5``; of a subject those of each split apart."""
    key = place.rsplit(": ", 1)[0]
    of_subject = (table["subject"] == key).to_numpy(bool)
    if key != place and of_subject.any():
        split = table["split"].to_numpy(object)
        return [of_subject & (split == part) for part in sorted(set(split[of_subject]))]
    masks = ((table[column] == key).to_numpy(bool) for column in ("video", "image", "category"))
    return [mask for mask in masks if key != place and mask.any()][:1]


def names_to_leave_out(table: pd.DataFrame, place: str) -> list[str]:
    """Values for ``exclude`` that take a place out; of copies the first stays.

    Args:
        table: Samples with the columns of an index.
        place: As for :func:`rows_of_place`.

    Returns:
        Names, none where taking rows out would not mend what was found.
    """
    names = _names(place)
    wanted = names if len(names) == 1 else names[1:]
    return [name for name in wanted if named_rows(table, name).any()]
