"""Any csv, tsv or parquet file with a picture (or video and frame) and its valence and arousal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from avce.data import scales
from avce.data.exclude import LINES, lines_of, without_rows
from avce.data.findings import Finding, finding
from avce.data.labels import LabelIndex, Resolver, joined, make_table, parent_of, split_of
from avce.data.layouts.base import Recognition, header_of, tables_of
from avce.data.layouts.lists import split_by_name
from avce.data.sources import Source
from avce.data.tables import CHUNK_ROWS, ROW, find_column, numbers, read_table
from avce.errors import DataError
from avce.options import PrepareOptions

NAME = "generic"

T = TypeVar("T")

IMAGE_NAMES = (
    "image",
    "image_path",
    "path",
    "filename",
    "file",
    "file_name",
    "filepath",
    "img",
    "picture",
    "subdirectory_filepath",
)
VIDEO_NAMES = ("video", "video_path", "clip")
FRAME_NAMES = ("frame", "frame_index", "frame_id")
SUBJECT_NAMES = ("subject", "subject_id", "person", "actor", "identity", "participant", "speaker")
SPLIT_NAMES = ("split", "set", "subset", "part", "fold_name")
VALENCE_NAMES = ("valence", "v")
AROUSAL_NAMES = ("arousal", "a")
KNOWN = frozenset(
    IMAGE_NAMES + VIDEO_NAMES + FRAME_NAMES + SUBJECT_NAMES + SPLIT_NAMES + VALENCE_NAMES + AROUSAL_NAMES
)
"""Columns that are read; a table may have hundreds of others."""


def recognise(source: Source) -> Recognition | None:
    """A table with a picture or video column and both labels."""
    keys = _tables(source)
    if not keys:
        return None
    header = header_of(source, keys[0])
    return Recognition(0.6, f"{' and '.join(keys)} with the columns {', '.join(header[:8])}", keys[0])


def _tables(source: Source) -> list[str]:
    """The table nearest the top; all of one folder when their names say train, val or test."""
    found = [key for key in tables_of(source) if _is_labels(header_of(source, key))]
    parts = [key for key in found if split_by_name(key) and parent_of(key) == parent_of(found[0])]
    return parts if len(parts) > 1 else found[:1]


def _is_labels(header: list[str]) -> bool:
    return all(
        any(name in header for name in names)
        for names in (VALENCE_NAMES, AROUSAL_NAMES, IMAGE_NAMES + VIDEO_NAMES)
    )


def read(source: Source, options: PrepareOptions) -> LabelIndex:
    """One row per line of the table.

    Raises:
        DataError: A column is missing, a label is no number or outside its scale, a picture is not there.
    """
    seen = recognise(source)
    if seen is None:
        key = next(iter(tables_of(source)), None)
        got = f"{key} has {', '.join(header_of(source, key)) or 'no header'}" if key else "there is no table"
        raise DataError(
            f"{source.title}: expected a csv or parquet file with the columns image, valence, arousal; {got}"
        )
    notes: list[Finding] = []
    keys = _tables(source)
    tables = [_read_table(source, key, options, notes) for key in keys]
    if len(keys) > 1:
        tables = [
            table.assign(split=table["split"].mask(table["split"] == "", split_by_name(key)))
            for key, table in zip(keys, tables, strict=True)
        ]
    others = [key for key in tables_of(source) if _is_labels(header_of(source, key)) and key not in keys]
    if others:
        why = f"Only {keys[0]} was read. To use several, put them in one folder and name them train, val and test."
        notes.append(finding("warning", f"{len(others)} more tables with labels", why, others))
    lines = lines_of(options, keys)
    extra = {LINES: lines} if lines else {}
    return LabelIndex(joined(tables), NAME, seen.reason, notes, source, extra=extra)


def _read_table(source: Source, key: str, options: PrepareOptions, notes: list[Finding]) -> pd.DataFrame:
    table = without_rows(read_table(source, key, wanted=KNOWN), options, key)
    valence, arousal = read_labels(table, source.where(key), options, notes)
    return make_table(len(table), **read_pictures(source, key, table), valence=valence, arousal=arousal)


def read_labels(
    table: pd.DataFrame, where: str, options: PrepareOptions, notes: list[Finding]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Valence and arousal in [-1, 1].

    Raises:
        DataError: No rows, a label that is no number, or outside the chosen scale.
        AmbiguousScaleError: Outside [-1, 1], and no scale was chosen.
    """
    if table.empty:
        raise DataError(f"{where}: expected at least one row of labels, there is none")
    names = (str(find_column(table, names)) for names in (VALENCE_NAMES, AROUSAL_NAMES))
    valence, arousal = (numbers(table, name, where) for name in names)
    scale = "-1..1" if options.label_scale == "auto" else options.label_scale
    low, high = scales.SCALES[scale]
    outside = np.flatnonzero((np.minimum(valence, arousal) < low) | (np.maximum(valence, arousal) > high))
    if len(outside):
        row = outside[0]
        text = (
            f"{where}, row {table[ROW].iloc[row]}: expected valence and arousal in [{low:g}, {high:g}], got"
            f" {valence[row]:g} and {arousal[row]:g}"
            + (f"; {len(outside):,} such rows" if len(outside) > 1 else "")
        )
        if options.label_scale != "auto":
            raise DataError(f"{text}. The chosen label_scale {scale} does not fit")
        fits = scales.candidates(valence, arousal)
        hint = (
            f"If the labels are on another scale, choose label_scale: {' or '.join(fits)}"
            if fits
            else "Correct them"
        )
        raise scales.AmbiguousScaleError(f"{text}. {hint}", fits)
    if options.label_scale == "auto" and len(table) >= 50 and min(valence.min(), arousal.min()) >= 0:
        why = (
            "Labels were read as -1…1. If they are on 0…1, choose label_scale 0..1: otherwise neutral faces count as"
            " pleasant and excited."
        )
        notes.append(finding("warning", "no label is negative", why))
    return scales.to_unit(valence, scale), scales.to_unit(arousal, scale)


def read_pictures(source: Source, key: str, table: pd.DataFrame) -> dict[str, Any]:
    """Columns of the index that say which picture a row means, and which sequence it belongs to.

    Raises:
        DataError: A picture or video is not there, a frame is no whole number, a split has an unknown name.
    """
    where = source.where(key)
    image, video = find_column(table, IMAGE_NAMES), find_column(table, VIDEO_NAMES)
    frame = find_column(table, FRAME_NAMES)
    columns: dict[str, Any] = {"label_file": key, ROW: table[ROW]}
    if image is not None:
        columns["image"] = resolve(source, key, table, image)
        if video is not None and frame is not None:
            columns |= _sequences(table, video, frame, where)
    elif video is not None:
        if frame is None:
            raise DataError(
                f"{where}: expected a column 'frame' beside {video!r}, got {', '.join(map(str, table.columns[:-1]))}"
            )
        columns["video"] = resolve(source, key, table, video)
        columns["frame"] = _frames(table, numbers(table, frame, where), where)
    if (subject := find_column(table, SUBJECT_NAMES)) is not None:
        columns["subject"] = table[subject].astype("str")
    if (split := find_column(table, SPLIT_NAMES)) is not None:
        columns["split"] = read_splits(table, split, where)
    return columns


def _frames(table: pd.DataFrame, frames: NDArray[np.float64], where: str) -> NDArray[np.int64]:
    bad = np.flatnonzero(~((frames >= 0) & (frames == np.round(frames)) & (frames <= 2**40)))
    if len(bad):
        raise DataError(
            f"{where}, row {table[ROW].iloc[bad[0]]}: expected a frame number from 0, got {frames[bad[0]]:g}"
        )
    return frames.astype(np.int64)


def _sequences(table: pd.DataFrame, video: str, frame: str, where: str) -> dict[str, Any]:
    """Pictures that are frames of a sequence: its name, and the place in it; rows without a name are single pictures."""
    names = table[video].astype("str").str.strip()
    is_part = (names != "").to_numpy(bool)
    frames = np.full(len(table), -1, np.int64)
    frames[is_part] = _frames(table[is_part], numbers(table[is_part], frame, where), where)
    return {"video": names, "frame": frames}


def read_splits(table: pd.DataFrame, column: str, where: str) -> pd.Series[str]:
    """Our names for the owners' splits.

    Raises:
        DataError: A name that we do not know.
    """
    given = table[column].astype("str")
    ours = {name: split_of(name) for name in given.unique()}
    unknown = [name for name, split in ours.items() if not split and name]
    if unknown:
        row = table[ROW].iloc[int(np.flatnonzero(given == unknown[0])[0])]
        raise DataError(
            f"{where}, row {row}, column {column}: expected train, val, test or empty, got {unknown[0]!r}"
        )
    return given.map(ours)


def resolve(source: Source, key: str, table: pd.DataFrame, column: str) -> pd.Series[str]:
    """Members that the paths of a column mean.

    Raises:
        DataError: Naming file, row and path of the first that is not there.
    """
    resolver = Resolver(source, key)

    def member_of(path: object, row: int) -> str:
        if (member := resolver.find(str(path))) is not None:
            return member
        raise DataError(
            f"{source.where(key)}, row {row}, column {column}: {str(path)[:200]!r} is not in {source.title};"
            " add the file, or take the row out"
        )

    packed = [
        pd.Series([member_of(path, row) for path, row in rows], dtype="str")
        for rows in batched(zip(table[column], table[ROW], strict=True), CHUNK_ROWS)
    ]
    return pd.concat(packed, ignore_index=True) if packed else pd.Series([], dtype="str")


def batched(items: Iterable[T], n: int) -> Iterator[list[T]]:
    """Lists of n items, the last shorter."""
    left = iter(items)
    while part := list(islice(left, n)):
        yield part
