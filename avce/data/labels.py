"""The one table that every layout becomes: a row per labelled picture or video frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from avce.data.findings import Finding
from avce.data.sources import Source
from avce.data.tables import CHUNK_ROWS, ROW
from avce.errors import DataError
from avce.options import Split

INDEX_COLUMNS = ("image", "video", "frame", "subject", "valence", "arousal", "split", "weak", "category")
"""image: key in the source, "" when the frame is to be read from a video · video: key of that video, or the name of
the sequence that a picture belongs to, or "" · frame: from 0 within it, else -1 ·
subject: "" unknown · valence, arousal in [-1, 1] · split: train, val, test or "" · weak: label comes from a
category · category: "" when there is none."""

BOX_COLUMNS = ("x0", "y0", "x1", "y1")
"""Face box in pixels as the owners gave it; NaN when they gave none."""

PLACE_COLUMNS = ("label_file", ROW)
"""Where a label was read; for messages."""

IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
VIDEO_ENDINGS = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv")

SPLIT_NAMES = {
    "train": Split.TRAIN,
    "training": Split.TRAIN,
    "train_set": Split.TRAIN,
    "val": Split.VAL,
    "valid": Split.VAL,
    "validation": Split.VAL,
    "val_set": Split.VAL,
    "dev": Split.VAL,
    "validation_set": Split.VAL,
    "test": Split.TEST,
    "testing": Split.TEST,
    "test_set": Split.TEST,
}
"""Names that owners use for the parts of a data set, in lower case."""

Pictures = Literal["crops", "full", "unknown"]


@dataclass(frozen=True)
class LabelIndex:
    """Labels of a data set, and where its pictures lie.

    Attributes:
        table: Columns :data:`INDEX_COLUMNS`, :data:`BOX_COLUMNS` and :data:`PLACE_COLUMNS`.
        layout: Name of the layout that was recognised.
        layout_reason: Why.
        notes: What was found while reading.
        source: Opens the pictures.
        pictures: Whether the owners say that pictures are face crops, or whole scenes.
        lengths: Lines of labels by video, where the owners label each frame; else it is told from the frames.
    """

    table: pd.DataFrame
    layout: str
    layout_reason: str
    notes: list[Finding]
    source: Source
    pictures: Pictures = "unknown"
    extra: dict[str, Any] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)


def make_table(n: int, **columns: Any) -> pd.DataFrame:
    """An index table of n rows; columns not given get their "unknown" value."""
    empty: Mapping[str, Any] = {
        "image": "", "video": "", "frame": -1, "subject": "", "valence": np.nan, "arousal": np.nan, "split": "",
        "weak": False, "category": "", **dict.fromkeys(BOX_COLUMNS, np.nan), "label_file": "", ROW: 0,
    }  # fmt: skip
    rows = pd.RangeIndex(n)
    given = {**empty, **columns}
    text = {name for name, value in empty.items() if isinstance(value, str)}
    filled: dict[str, Any] = {}
    for name, value in given.items():
        if name in text:
            # packed at once: arrays of fixed width and lists of strings take several times the room
            filled[name] = constant_text(value, n) if isinstance(value, str) else pd.array(value, dtype="str")
        else:
            kind = {"frame": np.int64, ROW: np.int64, "weak": bool}.get(name)
            filled[name] = np.broadcast_to(np.asarray(value, kind), n)
    return pd.DataFrame(filled, index=rows, copy=False)  # else all numbers are there twice for a while


def constant_text(value: str, n: int) -> pd.api.extensions.ExtensionArray:
    """A column of one text, which takes the room of :data:`~avce.data.tables.CHUNK_ROWS` rows however many there are."""
    import pyarrow as pa  # noqa: PLC0415 - slow to load

    piece = pa.array([value] * min(n, CHUNK_ROWS), pa.large_string())
    whole, rest = divmod(n, CHUNK_ROWS)
    chunks = [piece] * whole + ([piece.slice(0, rest)] if rest else [])
    packed = pa.chunked_array(chunks, pa.large_string())
    kind: Any = pd.StringDtype("pyarrow", na_value=np.nan)
    column: pd.api.extensions.ExtensionArray = kind.__from_arrow__(packed)
    return column


def joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """One table of several; a single one is not copied."""
    return tables[0] if len(tables) == 1 else pd.concat(tables, ignore_index=True)


def from_video(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Rows whose picture is a frame of a video file."""
    return (table["image"] == "").to_numpy(bool)


def place(table: pd.DataFrame, row: int) -> str:
    """A row for messages: label file and line, or the picture."""
    at = table.iloc[row]
    picture = at["image"] or (f"{at['video']} frame {at['frame']}" if at["video"] else "")
    if at["label_file"]:
        return f"{at['label_file']}, row {at[ROW]}" + (f" ({picture})" if picture else "")
    return str(picture)


def check_range(index: LabelIndex) -> None:
    """Every label finite and in [-1, 1].

    Raises:
        DataError: Naming file and row of the first that is not.
    """
    for axis in ("valence", "arousal"):
        values = index.table[axis].to_numpy(np.float64)
        bad = np.flatnonzero(~((values >= -1) & (values <= 1)))
        if len(bad):
            more = f"; {len(bad):,} such rows" if len(bad) > 1 else ""
            raise DataError(
                f"{index.source.title}: {place(index.table, bad[0])}: {axis} expected in [-1, 1], got {values[bad[0]]:g}{more}."
                " If the labels have another scale, set label_scale"
            )


def split_of(text: str) -> str:
    """Our name for a part of a data set ("Validation_Set" is val); "" when it is none."""
    return SPLIT_NAMES.get(text.strip().lower(), "")


class Resolver:
    """Finds the member that a path in a label file means.

    Owners write paths relative to the table, to the root, to an image folder, or from a disk of their own. A
    path is tried as it stands, then below the table's folder and ``roots``, then by shedding leading folders,
    as long as exactly one member fits. The answer is always a member: a path in a table cannot lead out.

    Args:
        source: The data set.
        table_key: Name of the table with the paths.
        roots: More folders to try.
    """

    def __init__(self, source: Source, table_key: str, roots: tuple[str, ...] = ()) -> None:
        self._source = source
        self._bases = tuple(dict.fromkeys([parent_of(table_key), "", *roots]))
        self._tails: dict[str, str | None] | None = None
        self._prefix: tuple[int, str] | None = None  # (folders to shed, base) that worked last

    def find(self, path: str) -> str | None:
        """Name of the member, or ``None``."""
        parts = [part for part in path.replace("\\", "/").split("/") if part not in {"", "."}]
        if not parts or ".." in parts:
            return None
        if self._prefix is not None:
            shed, base = self._prefix
            key = join(base, "/".join(parts[shed:]))
            if shed < len(parts) and key in self._source:
                return key
        for shed in range(len(parts)):
            for base in self._bases:
                key = join(base, "/".join(parts[shed:]))
                if key in self._source:
                    self._prefix = (shed, base)
                    return key
        return self._by_tail(parts)

    def _by_tail(self, parts: list[str]) -> str | None:
        if self._source.focus is not None:
            return None  # a table on its own: its folder may hold anything, so we do not go searching
        if self._tails is None:
            self._tails = {}
            for name in self._source.names():
                tail = name.rsplit("/", 1)[-1]
                self._tails[tail] = None if tail in self._tails else name
        return self._tails.get(parts[-1])


def parent_of(key: str) -> str:
    """Folder of a member, "" at the root."""
    folder = PurePosixPath(key).parent.as_posix()
    return "" if folder == "." else folder


def join(base: str, rest: str) -> str:
    """Path of ``rest`` below ``base``."""
    return f"{base}/{rest}" if base else rest
