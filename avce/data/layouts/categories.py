"""Categories instead of valence and arousal: folders of pictures named after emotions, or a csv column.

Labels become weak: the mean valence and arousal of each category, from a table that the user can edit and that
is stored with the data set.
"""

from __future__ import annotations

from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from avce.data.findings import Finding, finding
from avce.data.labels import IMAGE_ENDINGS, LabelIndex, make_table, split_of
from avce.data.layouts import generic
from avce.data.layouts.base import Recognition, header_of, tables_of
from avce.data.sources import Source
from avce.data.tables import ROW, find_column, read_table
from avce.errors import DataError
from avce.options import PrepareOptions

NAME = "categories"

CATEGORY_NAMES = ("emotion", "category", "expression", "label", "class")

WEAK_LABELS: dict[str, tuple[float, float]] = {
    "neutral": (0.0, 0.0), "happiness": (0.65, 0.15), "sadness": (-0.6, -0.25), "surprise": (0.2, 0.7),
    "fear": (-0.15, 0.75), "disgust": (-0.65, 0.45), "anger": (-0.5, 0.65), "contempt": (-0.55, 0.5),
}  # fmt: skip
"""Valence and arousal per category, near the category means published for AffectNet."""

ALIASES = {
    "neutrality": "neutral", "happy": "happiness", "joy": "happiness", "sad": "sadness", "surprised": "surprise",
    "fearful": "fear", "afraid": "fear", "disgusted": "disgust", "angry": "anger", "anger": "anger",
}  # fmt: skip


def recognise(source: Source) -> Recognition | None:
    """A table with a picture and a category column, or at least two folders named after emotions."""
    for key in tables_of(source):
        header = header_of(source, key)
        if any(name in header for name in CATEGORY_NAMES) and any(
            name in header for name in generic.IMAGE_NAMES
        ):
            return Recognition(
                0.5, f"{key} has the columns {', '.join(header[:8])}, without valence and arousal", key
            )
    if source.focus is not None:
        return None
    folders = {_folder(name) for name in source.names() if name.lower().endswith(IMAGE_ENDINGS)}
    known = sorted(name for name in folders if canonical(name) in WEAK_LABELS)
    if len(known) < 2:
        return None
    return Recognition(0.4, f"pictures lie in folders named after emotions: {', '.join(known)}")


def canonical(name: str) -> str:
    """The name in our table: lower case, common variants and leading numbers ("1_Happy") brought together."""
    plain = name.strip().lower().lstrip("0123456789_-. ")
    return ALIASES.get(plain, plain)


def _folder(name: str) -> str:
    return PurePosixPath(name).parent.name


def weak_table(options: PrepareOptions) -> dict[str, tuple[float, float]]:
    """The user's labels over ours."""
    given = {canonical(name): value for name, value in (options.weak_labels or {}).items()}
    for name, value in given.items():
        if not all(-1 <= number <= 1 for number in value):
            raise DataError(f"weak_labels: {name}: expected valence and arousal in [-1, 1], got {value}")
    return WEAK_LABELS | given


def read(source: Source, options: PrepareOptions) -> LabelIndex:
    """One row per picture whose category has a label; other categories are left out and noted.

    Raises:
        DataError: No table or folders of categories, or a picture that is not there.
    """
    seen = recognise(source)
    if seen is None:
        raise DataError(
            f"{source.title}: expected a csv with the columns image and emotion, or folders of pictures named after emotions"
            f" ({', '.join(WEAK_LABELS)})"
        )
    table = _from_csv(source, seen.root) if seen.root else _from_folders(source)
    labels = weak_table(options)
    notes: list[Finding] = []
    known = table["category"].isin(list(labels))
    if not known.all():
        others = table["category"][~known].value_counts()
        notes.append(
            finding("warning", f"{int(others.sum()):,} pictures of categories without a weak label are left out",
                    "Add the category to weak_labels to use them.", [f"{name or '(empty)'}: {count}" for name, count in others.items()])
        )  # fmt: skip
        table = table[known].reset_index(drop=True)
    pairs = np.array([labels[name] for name in table["category"]], dtype=np.float64).reshape(-1, 2)
    table["valence"], table["arousal"], table["weak"] = pairs[:, 0], pairs[:, 1], True
    used = sorted(set(table["category"]))
    notes.append(
        finding("warning", f"labels are weak: {len(used)} points, one per category",
                "Valence and arousal come from a table of category means, not from raters; figures on them tell little about"
                " intensity, and must not be compared with published ones.",
                [f"{name}: valence {labels[name][0]:g}, arousal {labels[name][1]:g}" for name in used])
    )  # fmt: skip
    return LabelIndex(
        table,
        NAME,
        seen.reason,
        notes,
        source,
        extra={"weak_labels": {name: list(labels[name]) for name in used}},
    )


def _from_csv(source: Source, key: str) -> pd.DataFrame:
    table = read_table(source, key)
    column = str(find_column(table, CATEGORY_NAMES))
    category = [canonical(name) for name in table[column].astype("str")]
    return make_table(len(table), category=category, **generic.read_pictures(source, key, table))


def _from_folders(source: Source) -> pd.DataFrame:
    images = [name for name in source.names() if name.lower().endswith(IMAGE_ENDINGS)]
    split = [
        next((split_of(part) for part in PurePosixPath(name).parts if split_of(part)), "") for name in images
    ]
    category = [canonical(_folder(name)) for name in images]
    return make_table(len(images), image=images, category=category, split=split, **{ROW: 0})
