"""AFEW-VA: a folder per clip, ``NNN/NNN.json`` with labels of each frame, pictures ``NNN/00000.png``.

Labels are whole numbers from -10 to 10 and are divided by 10. ``actor`` is the subject. The landmarks say which
face of a film scene is meant. Copies in the wild nest the folders (``01/001/001.json``) and add ``*_cropped``
twins, which are not read.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from avce.data.findings import finding
from avce.data.labels import BOX_COLUMNS, IMAGE_ENDINGS, LabelIndex, joined, make_table, parent_of
from avce.data.layouts.base import Recognition, match_names
from avce.data.sources import Source
from avce.data.tables import decode_text
from avce.errors import DataError
from avce.options import PrepareOptions

NAME = "afew_va"

SCALE = 10.0
_CLIP = r"(?P<root>(?:.*/)?)(?P<clip>\d{3})/(?P=clip)\.json"


def recognise(source: Source) -> Recognition | None:
    """Json files named after their three-digit folder."""
    if source.focus is not None:
        return None
    clips = match_names(source.names(), _CLIP)
    if not clips:
        return None
    return Recognition(
        0.95, f"{len(clips)} clips of the form NNN/NNN.json, such as {clips[0][0]}", clips[0]["root"]
    )


def read(source: Source, options: PrepareOptions) -> LabelIndex:
    """One row per labelled frame.

    Raises:
        DataError: Json that is none, a frame without its two labels, or a label outside -10…10.
    """
    del options
    seen = recognise(source)
    if seen is None:
        raise DataError(f"{source.title}: expected NNN/NNN.json (AFEW-VA), found none")
    clips: dict[str, str] = {}
    copies: list[str] = []
    for match in match_names(source.names(), _CLIP):
        if match["clip"] in clips:
            copies.append(match[0])
        else:
            clips[match["clip"]] = match[0]
    twins = {parent_of(name) for name in source.names() if parent_of(name).endswith("_cropped")}
    notes = []
    if copies or twins:
        notes.append(
            finding("info", f"{len(copies) + len(twins)} folders are copies", "Each clip is read once; the same frames twice would leak between splits.", [*copies, *sorted(twins)])
        )  # fmt: skip
    missing: list[str] = []
    tables = [_read_clip(source, clips[clip], missing) for clip in sorted(clips)]
    if missing:
        notes.append(
            finding(
                "warning", f"{len(missing)} labelled frames have no picture", "They are left out.", missing
            )
        )
    used = {clips[clip] for clip in clips}
    unlabelled = _unlabelled(source, used, joined(tables)["image"])
    if unlabelled:
        title = f"{len(unlabelled):,} clips have pictures without a label"
        why = "They are left out. If labels are missing from the middle, those after it may be shifted."
        notes.append(finding("warning", title, why, unlabelled))
    return LabelIndex(joined(tables), NAME, seen.reason, notes, source, pictures="full")


def _unlabelled(source: Source, clips: set[str], labelled: pd.Series[str]) -> list[str]:
    """Clips with more pictures than labels, and how many."""
    named = set(labelled)
    folders = {parent_of(key) for key in clips}
    counts: dict[str, int] = {}
    for name in source.names():
        folder, _, tail = name.rpartition("/")
        if folder in folders and tail.lower().endswith(IMAGE_ENDINGS) and name not in named:
            counts[folder] = counts.get(folder, 0) + 1
    return [f"{folder}: {n} pictures without a label" for folder, n in sorted(counts.items())]


def _read_clip(source: Source, key: str, missing: list[str]) -> pd.DataFrame:
    where = source.where(key)
    try:
        clip = json.loads(decode_text(source.read(key), where))
        frames: dict[str, Any] = clip["frames"]
        items = sorted(frames.items())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"{where}: expected json with an object 'frames', it cannot be read ({error!r})"
        ) from error
    columns: dict[str, list[Any]] = {
        name: [] for name in ("image", "frame", "valence", "arousal", *BOX_COLUMNS)
    }
    for number, frame in items:
        image = _picture(source, parent_of(key), number)
        if image is None:
            missing.append(f"{key} frame {number}")
            continue
        labels = (_label(frame, axis, f"{where}, frame {number}") for axis in ("valence", "arousal"))
        for column, value in zip(columns.values(), (image, int(number), *labels, *_box(frame)), strict=True):
            column.append(value)
    actor = str(clip.get("actor") or "")
    return make_table(len(columns["image"]), video=parent_of(key), subject=actor, label_file=key, **columns)


def _picture(source: Source, folder: str, number: str) -> str | None:
    if not number.isdecimal():
        return None
    return next((name for ending in IMAGE_ENDINGS if (name := f"{folder}/{number}{ending}") in source), None)


def _label(frame: Any, axis: str, where: str) -> float:
    value = frame.get(axis) if isinstance(frame, dict) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -SCALE <= value <= SCALE:
        raise DataError(f"{where}: {axis} expected a number in [-10, 10], got {value!r}")
    return value / SCALE


def _box(frame: dict[str, Any]) -> tuple[float, float, float, float]:
    """Box around the landmarks; NaN when there are none."""
    try:
        points = np.asarray(frame.get("landmarks"), dtype=np.float64).reshape(-1, 2)
    except (TypeError, ValueError):
        points = np.empty((0, 2))
    if len(points) < 3 or not np.isfinite(points).all():
        return (np.nan,) * 4
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)
