"""Aff-Wild2: ``…/{Train_Set,Validation_Set}/<video>.txt``, first line ``valence,arousal``, then a row per frame.

Rows with -5 mean that the frame is to be discarded. Pictures are ``cropped_aligned/<video>/00001.jpg``, counted
from 1, with gaps where the owners' tracker found no face; without crops the videos themselves are read.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from avce.data.findings import Finding, finding
from avce.data.labels import IMAGE_ENDINGS, VIDEO_ENDINGS, LabelIndex, joined, make_table, split_of
from avce.data.layouts.base import Recognition, match_names
from avce.data.sources import Source
from avce.data.tables import decode_text
from avce.errors import DataError
from avce.options import PrepareOptions

NAME = "affwild2"

DISCARD = -5.0
HEADER = "valence,arousal"

_LABELS = r"(?P<root>(?:.*/)?)(?P<part>(?:Train|Validation|Test)_Set)/(?P<video>[^/]+)\.txt"
_CROPS = r"(?:.*/)?(?P<video>[^/]+)/(?P<number>\d+)\.\w+"


def recognise(source: Source) -> Recognition | None:
    """Label files in Train_Set or Validation_Set whose first line is ``valence,arousal``."""
    if source.focus is not None:
        return None
    for match in match_names(source.names(), _LABELS):
        with source.open(match[0]) as stream:
            first = (
                stream.read(64)
                .split(b"\n", 1)[0]
                .strip()
                .lower()
                .replace(b" ", b"")
                .removeprefix(b"\xef\xbb\xbf")
            )
        if first == HEADER.encode():
            return Recognition(0.95, f"{match[0]} begins with the line {HEADER}", match["root"])
    return None


def read(source: Source, options: PrepareOptions) -> LabelIndex:
    """One row per labelled frame that has a picture.

    Raises:
        DataError: A row that is neither two numbers in [-1, 1] nor -5, or no label file with pictures.
    """
    del options
    seen = recognise(source)
    if seen is None:
        raise DataError(
            f"{source.title}: expected <part>_Set/<video>.txt beginning with {HEADER} (Aff-Wild2), found none"
        )
    crops, videos = _pictures(source)
    tables, without, counts = [], [], _Counts()
    lengths: dict[str, int] = {}
    for match in match_names(source.names(), _LABELS):
        if not match["root"].startswith(seen.root):
            continue
        video = match["video"]
        values = _read_labels(source, match[0], counts)
        if video in crops:
            table = _from_crops(match[0], video, values, crops[video], counts)
        elif video in videos:
            table = _frames(match[0], videos[video], values)
            lengths[videos[video]] = len(values)
        else:
            without.append(match[0])
            continue
        tables.append(table.assign(split=split_of(match["part"])))
    if not tables:
        raise DataError(
            f"{source.title}: none of the {len(without)} label files has pictures: expected cropped_aligned/<video>/00001.jpg"
            " or <video>.mp4 beside them"
        )
    if without:
        counts.notes.append(
            finding("warning", f"{len(without)} label files have no pictures", "They are left out.", without)
        )
    table = joined(tables).astype({"split": "str"})
    pictures = "crops" if crops and not (table["image"] == "").any() else "full"
    return LabelIndex(table, NAME, seen.reason, counts.findings(), source, pictures=pictures, lengths=lengths)  # type: ignore[arg-type]


class _Counts:
    def __init__(self) -> None:
        self.notes: list[Finding] = []
        self.discarded: dict[str, int] = {}
        self.gaps: dict[str, int] = {}

    def findings(self) -> list[Finding]:
        found = list(self.notes)
        for counts, title, why in (
            (
                self.discarded,
                "frames are marked -5 by the owners",
                "The raters could not label them; they are left out.",
            ),
            (
                self.gaps,
                "labelled frames have no crop",
                "The owners' tracker found no face there; they are left out, their numbers stay.",
            ),
        ):
            if total := sum(counts.values()):
                found.append(
                    finding(
                        "info",
                        f"{total:,} {title}",
                        why,
                        [f"{video}: {n}" for video, n in counts.items() if n],
                    )
                )
        return found


def _pictures(source: Source) -> tuple[dict[str, dict[int, str]], dict[str, str]]:
    """Crops by video and number, and video files by name."""
    crops: dict[str, dict[int, str]] = {}
    for match in match_names(source.names(), _CROPS):
        if match[0].lower().endswith(IMAGE_ENDINGS):
            crops.setdefault(match["video"], {})[int(match["number"])] = match[0]
    videos = {
        name.rsplit("/", 1)[-1].rsplit(".", 1)[0]: name
        for name in source.names()
        if name.lower().endswith(VIDEO_ENDINGS)
    }
    return crops, videos


def _read_labels(source: Source, key: str, counts: _Counts) -> np.ndarray:
    """Shape (n, 2); discarded rows are NaN."""
    lines = decode_text(source.read(key), source.where(key)).rstrip().split("\n")
    first = 0 if _is_number(lines[0].split(",")[0]) else 1
    if first == 0:
        counts.notes.append(
            finding("warning", f"{key} has no header", "Its first line was read as the first frame.", [key])
        )
    values = np.full((max(len(lines) - first, 0), 2), np.nan)
    n_discarded = 0
    for n, line in enumerate(lines[first:]):
        fields = line.split(",")
        pair = [float(field) if _is_number(field) else np.nan for field in fields]
        if len(pair) == 2 and DISCARD in pair:
            n_discarded += 1
        elif len(pair) != 2 or not all(-1 <= value <= 1 for value in pair):
            raise DataError(
                f"{source.where(key)}, row {n + 1 + first}: expected valence,arousal in [-1, 1], or -5 to discard, got {line[:40]!r}"
            )
        else:
            values[n] = pair
    counts.discarded[key] = n_discarded
    return values


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _from_crops(
    key: str, video: str, values: np.ndarray, crops: dict[int, str], counts: _Counts
) -> pd.DataFrame:
    labelled = np.flatnonzero(np.isfinite(values[:, 0]))
    frames = np.array([n for n in labelled if n + 1 in crops], dtype=np.int64)
    counts.gaps[video] = len(labelled) - len(frames)
    beyond = [path for number, path in sorted(crops.items()) if not 0 < number <= len(values)]
    if beyond:
        counts.notes.append(
            finding(
                "warning",
                f"{video}: {len(beyond)} crops lie beyond the last label",
                "They have no label and are left out.",
                beyond,
            )
        )
    return _rows(key, frames, values, image=[crops[n + 1] for n in frames], video=video)


def _frames(key: str, video: str, values: np.ndarray) -> pd.DataFrame:
    return _rows(key, np.flatnonzero(np.isfinite(values[:, 0])), values, video=video)


def _rows(key: str, frames: np.ndarray, values: np.ndarray, **columns: object) -> pd.DataFrame:
    return make_table(
        len(frames),
        frame=frames,
        valence=values[frames, 0],
        arousal=values[frames, 1],
        label_file=key,
        label_row=frames + 2,
        **columns,
    )
