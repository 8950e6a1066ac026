"""Rows that the user takes out by name. Nothing is dropped that was not named, and no name is passed over."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from avce.data.findings import finding
from avce.data.labels import LabelIndex
from avce.data.tables import ROW
from avce.errors import DataError
from avce.options import PrepareOptions

ROW_NAME = re.compile(r"(?P<file>.+), row (?P<row>\d+)(?: \(.*\))?")
LINES = "lines_left_out"
"""Key in ``LabelIndex.extra`` of the names that were taken out while a label file was read."""
FRAME_NAME = re.compile(r"(?P<video>.+) frames? (?P<first>\d+)(?:-(?P<last>\d+))?")


def excluded_rows(options: PrepareOptions, key: str) -> list[int]:
    """Line numbers of a label file that are left out, so that they need not even be right."""
    found = [match for name in options.exclude if (match := ROW_NAME.fullmatch(name.strip()))]
    return [int(match["row"]) for match in found if match["file"] == key]


def lines_of(options: PrepareOptions, keys: list[str]) -> list[str]:
    """Names in ``exclude`` that mean lines of these label files, which :func:`without_rows` takes out."""
    found = ((name, ROW_NAME.fullmatch(name.strip())) for name in options.exclude)
    return [name.strip() for name, match in found if match and match["file"] in keys]


def without_rows(table: pd.DataFrame, options: PrepareOptions, key: str) -> pd.DataFrame:
    """A label file's table without the lines that are left out.

    Raises:
        DataError: The file has no such line.
    """
    rows = excluded_rows(options, key)
    missing = sorted(set(rows) - set(table[ROW]))
    if missing:
        raise DataError(
            f"exclude: {key} has no row {missing[0]} with labels; look at the number, the header being row 1"
        )
    return table[~table[ROW].isin(rows)].reset_index(drop=True) if rows else table


def exclude(index: LabelIndex, options: PrepareOptions) -> LabelIndex:
    """The index without the named rows, and a finding that says so.

    A name is a picture (``images/7.jpg``), a video, frames of a video or of a sequence of pictures (``clip.mp4 frame 3``,
    ``clip.mp4 frames 60-74``), or a line of a label file (``labels.csv, row 7``).

    Raises:
        DataError: A name fits no row.
    """
    if not options.exclude:
        return index
    table = index.table
    gone = np.zeros(len(table), dtype=bool)
    extra = dict(index.extra)
    lines: list[str] = extra.pop(LINES, [])
    for name in (name.strip() for name in options.exclude):
        rows = named_rows(table, name)
        if not rows.any() and name not in lines:
            raise DataError(
                f"exclude: {name!r} fits no labelled picture of {index.source.title}; expected the name of a picture or video,"
                " 'VIDEO frames 60-74' or 'FILE, row 7'"
            )
        gone |= rows
    why = "Named in exclude, which is stored with the data set; the original is as it was."
    note = finding(
        "info", f"{int(gone.sum()) + len(lines):,} rows were left out as asked", why, options.exclude
    )
    kept = table[~gone].reset_index(drop=True)
    return replace(
        index, table=kept, notes=[*index.notes, note], extra=extra | {"excluded": list(options.exclude)}
    )


def named_rows(table: pd.DataFrame, name: str) -> NDArray[np.bool_]:
    """Which rows of an index a name of :func:`exclude` means; none where it fits nothing."""
    if not name:
        return np.zeros(len(table), dtype=bool)
    whole = (table["image"] == name) | (table["video"] == name)
    if whole.any():
        return whole.to_numpy(bool)
    if match := ROW_NAME.fullmatch(name):
        return ((table["label_file"] == match["file"]) & (table[ROW] == int(match["row"]))).to_numpy(bool)
    if match := FRAME_NAME.fullmatch(name):
        first, last = int(match["first"]), int(match["last"] or match["first"])
        return ((table["video"] == match["video"]) & table["frame"].between(first, last)).to_numpy(bool)
    return whole.to_numpy(bool)
