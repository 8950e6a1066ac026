"""Aff-Wild: ``videos/train/NNN.mp4`` with ``annotations/train/{valence,arousal}/NNN.txt``, a float per frame.

There is no header. The two files of a video often differ in length from each other and from the video: rows
beyond the shortest are dropped, and said. Subjects are not given, so splits keep each video whole.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from avce.data.findings import Finding, finding
from avce.data.labels import VIDEO_ENDINGS, LabelIndex, joined, make_table, split_of
from avce.data.layouts.base import Recognition, match_names
from avce.data.sources import Source
from avce.data.tables import decode_text
from avce.errors import DataError
from avce.options import PrepareOptions

NAME = "affwild"

_LABELS = r"(?P<root>(?:.*/)?)annotations/(?P<part>[^/]+)/(?P<axis>valence|arousal)/(?P<name>[^/]+)\.txt"
_VIDEOS = r"(?P<root>(?:.*/)?)videos/(?P<part>[^/]+)/(?P<name>[^/]+)(?P<ending>\.\w+)"


def recognise(source: Source) -> Recognition | None:
    """Valence and arousal text files below ``annotations`` beside ``videos``."""
    if source.focus is not None:
        return None
    labels = match_names(source.names(), _LABELS)
    if not labels or {match["axis"].lower() for match in labels} != {"valence", "arousal"}:
        return None
    root = labels[0]["root"]
    return Recognition(
        0.95, f"{len(labels)} files {root}annotations/…/valence|arousal/NNN.txt beside {root}videos/", root
    )


def read(source: Source, options: PrepareOptions) -> LabelIndex:
    """One row per labelled frame.

    Raises:
        DataError: A line that is no number in [-1, 1], or a label file without its video or its other axis.
    """
    del options
    seen = recognise(source)
    if seen is None:
        raise DataError(
            f"{source.title}: expected annotations/<part>/valence and arousal/*.txt (Aff-Wild), found none"
        )
    videos = {
        (match["part"], match["name"]): match[0]
        for match in match_names(source.names(), _VIDEOS)
        if match["ending"].lower() in VIDEO_ENDINGS
    }
    files: dict[tuple[str, str], dict[str, str]] = {}
    for match in match_names(source.names(), _LABELS):
        files.setdefault((match["part"], match["name"]), {})[match["axis"].lower()] = match[0]
    notes: list[Finding] = []
    unlike: list[str] = []
    tables = []
    for key in sorted(files):
        if key not in videos:
            notes.append(
                finding(
                    "warning",
                    f"no video for the labels of {'/'.join(key)}",
                    "Labels without pictures are left out.",
                    files[key].values(),
                )
            )
            continue
        tables.append(_read_video(source, videos[key], key[0], files[key], unlike))
    unlabelled = sorted(path for key, path in videos.items() if key not in files)
    if unlabelled:
        notes.append(
            finding("info", f"{len(unlabelled)} videos have no labels", "They are left out.", unlabelled)
        )
    if unlike:
        notes.append(
            finding("warning", f"{len(unlike)} pairs of label files differ in length",
                    "A frame needs both labels: frames beyond the shorter file are left out. If lines are missing from the middle,"
                    " all labels after them are shifted.", unlike)
        )  # fmt: skip
    if not tables:
        raise DataError(
            f"{source.title}: none of the {len(files)} label files has a video of its name below {seen.root}videos/"
        )
    return LabelIndex(joined(tables), NAME, seen.reason, notes, source, pictures="full")


def _read_video(
    source: Source, video: str, part: str, files: dict[str, str], unlike: list[str]
) -> pd.DataFrame:
    missing = {"valence", "arousal"} - set(files)
    if missing:
        raise DataError(
            f"{source.title}: {next(iter(files.values()))}: expected its {missing.pop()} file too, there is none"
        )
    valence, arousal = (read_floats(source, files[axis]) for axis in ("valence", "arousal"))
    n = min(len(valence), len(arousal))
    if len(valence) != len(arousal):
        unlike.append(f"{video}: {len(valence)} valence lines, {len(arousal)} arousal lines")
    return make_table(
        n, video=video, frame=np.arange(n), valence=valence[:n], arousal=arousal[:n], split=split_of(part),
        label_file=files["valence"], label_row=np.arange(1, n + 1),
    )  # fmt: skip


def read_floats(source: Source, key: str) -> NDArray[np.float64]:
    """A file with one number in [-1, 1] per line; empty lines at its end do not count.

    Raises:
        DataError: Naming file and row.
    """
    lines = decode_text(source.read(key), source.where(key)).rstrip().split("\n")
    values = np.empty(len(lines))
    for row, line in enumerate(lines):
        try:
            values[row] = float(line)
        except ValueError:
            values[row] = np.nan
        if not -1 <= values[row] <= 1:
            raise DataError(
                f"{source.where(key)}, row {row + 1}: expected a number in [-1, 1], got {line[:40]!r}"
            )
    return values
