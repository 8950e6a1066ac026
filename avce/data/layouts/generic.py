"""Any csv, tsv or parquet file with a picture (or video and frame) and its valence and arousal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from avce.data import scales
from avce.data.findings import Finding, finding
from avce.data.labels import LabelIndex, Resolver, make_table, split_of
from avce.data.layouts.base import Recognition, header_of, tables_of
from avce.data.sources import Source
from avce.data.tables import ROW, find_column, numbers, read_table
from avce.errors import DataError
from avce.options import PrepareOptions

NAME = "generic"

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


def recognise(source: Source) -> Recognition | None:
    """A table with a picture or video column and both labels."""
    for key in tables_of(source):
        header = header_of(source, key)
        if (
            _has(header, VALENCE_NAMES)
            and _has(header, AROUSAL_NAMES)
            and _has(header, IMAGE_NAMES + VIDEO_NAMES)
        ):
            return Recognition(0.6, f"{key} has the columns {', '.join(header[:8])}", key)
    return None


def _has(header: list[str], names: tuple[str, ...]) -> bool:
    return any(name in header for name in names)


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
    key = seen.root
    table, where = read_table(source, key), source.where(key)
    valence, arousal = (
        numbers(table, str(find_column(table, names)), where) for names in (VALENCE_NAMES, AROUSAL_NAMES)
    )
    notes: list[Finding] = []
    valence, arousal = to_unit(valence, arousal, options, where, table, notes)
    columns = read_pictures(source, key, table) | {"valence": valence, "arousal": arousal}
    return LabelIndex(make_table(len(table), **columns), NAME, seen.reason, notes, source)


def to_unit(
    valence: np.ndarray,
    arousal: np.ndarray,
    options: PrepareOptions,
    where: str,
    table: pd.DataFrame,
    notes: list[Finding],
) -> tuple[np.ndarray, np.ndarray]:
    """Labels in [-1, 1]; asks (by an error) when they are on a scale that is not certain."""
    if not len(valence):
        raise DataError(f"{where}: expected at least one row of labels, there is none")
    fits = scales.candidates(valence, arousal)
    wanted = options.label_scale
    if wanted == "auto":
        if "-1..1" not in fits:
            outside = int(np.flatnonzero((np.abs(valence) > 1) | (np.abs(arousal) > 1))[0])
            raise scales.AmbiguousScaleError(
                f"{where}, row {table[ROW].iloc[outside]}: expected valence and arousal in [-1, 1], got"
                f" {valence[outside]:g} and {arousal[outside]:g}."
                + (
                    f" If the labels are on another scale, choose label_scale: {' or '.join(fits)}"
                    if fits
                    else ""
                ),
                fits,
            )
        if len(valence) >= 50 and "0..1" in fits:
            notes.append(
                finding("warning", "no label is negative",
                        "Labels were read as -1…1. If they are on 0…1, choose label_scale 0..1: otherwise neutral faces count as pleasant and excited.")
            )  # fmt: skip
        return valence, arousal
    low, high = scales.SCALES[wanted]
    bad = np.flatnonzero((valence < low) | (valence > high) | (arousal < low) | (arousal > high))
    if len(bad):
        raise DataError(
            f"{where}, row {table[ROW].iloc[bad[0]]}: expected labels on the chosen scale {wanted}, got"
            f" {valence[bad[0]]:g} and {arousal[bad[0]]:g}"
        )
    return scales.to_unit(valence, wanted), scales.to_unit(arousal, wanted)


def read_pictures(source: Source, key: str, table: pd.DataFrame) -> dict[str, Any]:
    """Columns of the index that say which picture a row means.

    Raises:
        DataError: A picture or video is not there, a frame is no whole number, a split has an unknown name.
    """
    where = source.where(key)
    n = len(table)
    image, video = find_column(table, IMAGE_NAMES), find_column(table, VIDEO_NAMES)
    columns: dict[str, Any] = {"label_file": key, ROW: table[ROW]}
    if image is not None:
        columns["image"] = resolve(source, key, table, image)
    elif video is not None:
        frame = find_column(table, FRAME_NAMES)
        if frame is None:
            raise DataError(
                f"{where}: expected a column 'frame' beside {video!r}, got {', '.join(map(str, table.columns[:-1]))}"
            )
        columns["video"] = resolve(source, key, table, video)
        frames = numbers(table, frame, where)
        bad = np.flatnonzero((frames < 0) | (frames != np.round(frames)) | (frames > 2**40))
        if len(bad):
            raise DataError(
                f"{where}, row {table[ROW].iloc[bad[0]]}: expected a frame number from 0, got {frames[bad[0]]:g}"
            )
        columns["frame"] = frames.astype(np.int64)
    if (subject := find_column(table, SUBJECT_NAMES)) is not None:
        columns["subject"] = table[subject].astype("str")
    if (split := find_column(table, SPLIT_NAMES)) is not None:
        columns["split"] = read_splits(table, split, where)
    elif n == 0:
        columns["split"] = ""
    return columns


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


def resolve(source: Source, key: str, table: pd.DataFrame, column: str) -> list[str]:
    """Members that the paths of a column mean.

    Raises:
        DataError: Naming file, row and path of the first that is not there.
    """
    resolver = Resolver(source, key)
    found = []
    for path, row in zip(table[column], table[ROW], strict=True):
        member = resolver.find(str(path))
        if member is None:
            raise DataError(
                f"{source.where(key)}, row {row}, column {column}: {str(path)[:200]!r} is not in {source.title};"
                " add the file, or take the row out"
            )
        found.append(member)
    return found
