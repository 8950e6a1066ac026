"""AffectNet as csv: ``training.csv`` and ``validation.csv`` beside ``Manually_Annotated_Images``.

``validation.csv`` may come without header. Valence and arousal are -2 where the face could not be rated;
such rows are left out. The face boxes say which face is meant.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from avce.data.findings import Finding, finding
from avce.data.labels import LabelIndex, joined, make_table
from avce.data.layouts.base import Recognition, header_of, tables_of
from avce.data.layouts.lists import INVALID, resolve_some, split_by_name
from avce.data.sources import Source
from avce.data.tables import ROW, numbers, read_table
from avce.errors import DataError
from avce.options import PrepareOptions

NAME = "affectnet"

COLUMNS = (
    "subDirectory_filePath", "face_x", "face_y", "face_width", "face_height", "facial_landmarks", "expression", "valence", "arousal",
)  # fmt: skip
LANDMARKS = "facial_landmarks"
USED = frozenset(name.lower() for name in COLUMNS if name != LANDMARKS)
"""Columns that are read: the landmarks alone take 1 kB a row."""
EXPRESSIONS = (
    "neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt", "none", "uncertain", "non-face",
)  # fmt: skip
ROOTS = ("Manually_Annotated_Images", "Manually_Annotated_compressed", "images")
"""Folders that the lists' paths may start from."""


def recognise(source: Source) -> Recognition | None:
    """A table with AffectNet's nine columns, with or without header."""
    for key in _tables(source):
        how = "its header" if _has_header(source, key) else "nine columns without header"
        return Recognition(0.9, f"{key} has {how} as AffectNet's lists do", key)
    return None


def _tables(source: Source) -> list[str]:
    return [key for key in tables_of(source) if _has_header(source, key) or _is_headless(source, key)]


def _has_header(source: Source, key: str) -> bool:
    return [name.lower() for name in COLUMNS] == header_of(source, key)


def _is_headless(source: Source, key: str) -> bool:
    first = header_of(source, key)  # a row of data, read as if it were the header, in lower case
    if len(first) != len(COLUMNS) or not first[0].endswith(
        (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff")
    ):
        return False
    return ";" in first[5] and all(_is_number(field) for field in (*first[1:5], *first[6:]))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def read(source: Source, options: PrepareOptions) -> LabelIndex:
    """One row per rated picture that is there.

    Raises:
        DataError: A label that is neither in [-1, 1] nor -2, an unknown expression, or most pictures missing.
    """
    del options
    seen = recognise(source)
    if seen is None:
        raise DataError(
            f"{source.title}: expected a csv with the columns {', '.join(COLUMNS)} (AffectNet), found none"
        )
    notes: list[Finding] = []
    tables = [_read_list(source, key, notes) for key in _tables(source)]
    return LabelIndex(joined(tables), NAME, seen.reason, notes, source)


def _read_list(source: Source, key: str, notes: list[Finding]) -> pd.DataFrame:
    where = source.where(key)
    if _has_header(source, key):
        table = read_table(source, key, wanted=USED)
        table.columns = pd.Index([*(name for name in COLUMNS if name != LANDMARKS), ROW])
    else:
        table = read_table(source, key, header=COLUMNS, wanted=USED)
        notes.append(finding("info", f"{key} has no header", "Its columns were taken as AffectNet's.", [key]))
    valence, arousal, expression = (
        numbers(table, name, where) for name in ("valence", "arousal", "expression")
    )
    odd = np.flatnonzero((expression < 0) | (expression >= len(EXPRESSIONS)) | (expression % 1 != 0))
    if len(odd):
        raise DataError(
            f"{where}, row {table[ROW].iloc[odd[0]]}, column expression: expected 0 to 10, got {expression[odd[0]]:g}"
        )
    category = np.array(EXPRESSIONS, dtype=object)[expression.astype(int)]
    rated = ~((valence == INVALID) | (arousal == INVALID))
    if not rated.all():
        kinds = pd.Series(category[~rated]).value_counts()
        notes.append(
            finding("info", f"{int((~rated).sum()):,} rows of {key} are not rated (-2)", "They are left out.", [f"{name}: {n}" for name, n in kinds.items()])
        )  # fmt: skip
    images = resolve_some(source, key, table, ROOTS, notes)
    keep = np.flatnonzero(rated & (images != ""))
    box = np.column_stack([numbers(table, name, where) for name in COLUMNS[1:5]])[keep]
    return make_table(
        len(keep), image=images[keep], valence=valence[keep], arousal=arousal[keep], category=category[keep],
        split=split_by_name(key), x0=box[:, 0], y0=box[:, 1], x1=box[:, 0] + box[:, 2], y1=box[:, 1] + box[:, 3],
        label_file=key, label_row=table[ROW].to_numpy()[keep],
    )  # fmt: skip
