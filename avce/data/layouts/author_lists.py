"""The AVCE authors' own lists: ``training_list.csv`` and ``validation_list.csv`` beside a folder of pictures.

Columns ``subDirectory_filePath,valence,arousal``. Paths may begin on the authors' disk: leading folders are shed
until a picture fits. There are no subjects; folders of pictures named after videos keep frames together.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from avce.data.findings import Finding, finding
from avce.data.labels import LabelIndex, joined, make_table, parent_of
from avce.data.layouts.base import Recognition, header_of, tables_of
from avce.data.layouts.lists import INVALID, resolve_some, split_by_name
from avce.data.sources import Source
from avce.data.tables import ROW, numbers, read_table
from avce.errors import DataError
from avce.options import PrepareOptions

NAME = "author_lists"

COLUMNS = ("subDirectory_filePath", "valence", "arousal")


def recognise(source: Source) -> Recognition | None:
    """A csv with exactly the three columns."""
    keys = _tables(source)
    return (
        Recognition(0.85, f"{', '.join(keys)} with the columns {', '.join(COLUMNS)}", keys[0])
        if keys
        else None
    )


def _tables(source: Source) -> list[str]:
    return [key for key in tables_of(source) if header_of(source, key) == [name.lower() for name in COLUMNS]]


def read(source: Source, options: PrepareOptions) -> LabelIndex:
    """One row per picture that is there.

    Raises:
        DataError: A label that is no number, or most pictures missing.
    """
    del options
    seen = recognise(source)
    if seen is None:
        raise DataError(
            f"{source.title}: expected a csv with the columns {', '.join(COLUMNS)} (authors' lists), found none"
        )
    notes: list[Finding] = []
    tables = [_read_list(source, key, notes) for key in _tables(source)]
    table = joined(tables)
    if len(set(table["video"])) == 1:  # one folder with all pictures is no sequence
        table["video"] = ""
    return LabelIndex(table, NAME, seen.reason, notes, source)


def _read_list(source: Source, key: str, notes: list[Finding]) -> pd.DataFrame:
    table, where = read_table(source, key), source.where(key)
    table.columns = pd.Index([*COLUMNS, ROW])
    valence, arousal = numbers(table, "valence", where), numbers(table, "arousal", where)
    rated = ~((valence == INVALID) | (arousal == INVALID))
    if not rated.all():
        notes.append(
            finding("info", f"{int((~rated).sum()):,} rows of {key} are not rated (-2)", "They are left out.")
        )
    images = resolve_some(source, key, table, (), notes)
    keep = np.flatnonzero(rated & (images != ""))
    folders = [parent_of(image) for image in images[keep]]
    return make_table(
        len(keep), image=images[keep], valence=valence[keep], arousal=arousal[keep], split=split_by_name(key),
        video=folders, label_file=key, label_row=table[ROW].to_numpy()[keep],
    )  # fmt: skip
