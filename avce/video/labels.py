"""Labels of one video, frame by frame, from a small text file. Torch-free."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd

from avce.errors import DataError

LABEL_COLUMNS = ("frame", "valence", "arousal")
NO_LABEL = -5.0
"""Aff-Wild2's mark of a frame without a label."""
_EXPECTED = "expected lines of valence, arousal (one per frame, as in Aff-Wild2), or a header with valence, arousal and frame"


def read_labels(text: str, name: str) -> pd.DataFrame:
    """Valence and arousal of the frames of a video.

    Args:
        text: A csv. With a header: columns ``valence`` and ``arousal``, and ``frame`` (from 0) unless each frame has
            its line; others are ignored. Without one: valence, arousal, one line per frame. An empty cell or -5 (both
            axes, Aff-Wild2) is a frame without a label.
        name: The file's name, for messages.

    Returns:
        :data:`LABEL_COLUMNS`, in order of frames; frames without a label are left out.

    Raises:
        DataError: Naming file and line: no such columns, no number, one beyond [-1, 1], or a frame twice.
    """
    lines = io.StringIO(text.lstrip("\ufeff"), newline=None)  # any ending of lines
    try:
        rows = [row for row in csv.reader(lines) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise DataError(f"{name}: {_EXPECTED}; {error}") from error
    if not rows:
        raise DataError(f"{name}: {_EXPECTED}; got an empty file")
    heads = [cell.strip().lower() for cell in rows[0]]
    has_head = "valence" in heads and "arousal" in heads
    if not has_head:
        if len(rows[0]) != 2 or not _is_number(rows[0][0]):
            raise DataError(f"{name}: {_EXPECTED}; the first line is {','.join(rows[0])[:80]!r}")
        heads = ["valence", "arousal"]
    places = [heads.index(column) if column in heads else None for column in LABEL_COLUMNS]
    found = []
    for order, row in enumerate(rows[has_head:]):
        line = order + 1 + has_head
        frame, valence, arousal = (_cell(row, place, name, line) for place in places)
        if {valence, arousal} == {NO_LABEL} or valence is None or arousal is None:
            continue
        for value in (valence, arousal):
            if not -1 <= value <= 1:
                raise DataError(f"{name}: line {line}: expected numbers within [-1, 1], got {value:g}")
        found.append((order if frame is None else int(frame), valence, arousal))
    table = pd.DataFrame(found, columns=list(LABEL_COLUMNS)).sort_values("frame", ignore_index=True)
    twice = table.loc[table["frame"].duplicated(), "frame"]
    if len(twice) or table.empty:
        what = f"frame {twice.iloc[0]} has two labels" if len(twice) else "no line has a label"
        raise DataError(f"{name}: {what}; {_EXPECTED}")
    return table


def labels_on(labels: pd.DataFrame, frames: pd.DataFrame) -> pd.DataFrame:
    """Labels of decoded frames, at their own times.

    Args:
        labels: See :func:`read_labels`.
        frames: ``frame, pts_ms``, one row per decoded frame.

    Returns:
        ``frame, pts_ms, valence, arousal``, one row per decoded frame; ``nan`` without a label.
    """
    return frames[["frame", "pts_ms"]].drop_duplicates("frame").merge(labels, on="frame", how="left")


def _is_number(cell: str) -> bool:
    try:
        return bool(np.isfinite(float(cell)))
    except ValueError:
        return False


def _cell(row: list[str], place: int | None, name: str, line: int) -> float | None:
    if place is None:
        return None
    cell = row[place].strip() if place < len(row) else ""
    if not cell:
        return None
    if not _is_number(cell):
        raise DataError(f"{name}: line {line}: expected a number, got {cell!r}")
    return float(cell)
