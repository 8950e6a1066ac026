"""OMG-Emotion: csv ``link,start,end,video,utterance,arousal,valence,EmotionMaxVote``, a label per utterance.

Videos are ``…/<video>/<utterance>``. The label holds for the whole utterance, so a few frames spread over it
carry it. The range of arousal is not stated by its authors: where no label is negative the user is asked.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from avce.data.findings import Finding, finding
from avce.data.labels import VIDEO_ENDINGS, LabelIndex, Resolver, joined, make_table
from avce.data.layouts.base import Recognition, header_of, tables_of
from avce.data.layouts.lists import split_by_name
from avce.data.scales import AmbiguousScaleError
from avce.data.sources import Source
from avce.data.tables import ROW, find_column, numbers, read_table
from avce.errors import DataError
from avce.options import PrepareOptions
from avce.video.read import probe

NAME = "omg_emotion"

FRAMES = 16
"""Frames per utterance: more of them repeat the same label on nearly the same picture."""
COLUMNS = ("video", "utterance", "arousal", "valence")
EMOTIONS = ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")


def recognise(source: Source) -> Recognition | None:
    """A csv with the columns video, utterance, arousal and valence."""
    for key in _tables(source):
        return Recognition(0.9, f"{key} has a label per utterance ({', '.join(COLUMNS)})", key)
    return None


def _tables(source: Source) -> list[str]:
    return [key for key in tables_of(source) if set(COLUMNS) <= set(header_of(source, key))]


def read(source: Source, options: PrepareOptions) -> LabelIndex:
    """Up to :data:`FRAMES` rows per utterance.

    Raises:
        DataError: A label that is no number, outside its range, or on a range that is not certain; no video there.
    """
    seen = recognise(source)
    if seen is None:
        raise DataError(
            f"{source.title}: expected a csv with the columns {', '.join(COLUMNS)} (OMG-Emotion), found none"
        )
    lists = [(key, read_table(source, key)) for key in _tables(source)]
    _ask_range(source, lists, options)
    notes: list[Finding] = [
        finding("info", f"one label per utterance, on up to {FRAMES} frames of it",
                "Figures per frame look surer than they are; the owners' protocol is the mean per video.")
    ]  # fmt: skip
    missing: list[str] = []
    tables = [_read_list(source, key, table, options, missing) for key, table in lists]
    table = joined(tables)
    if table.empty:
        raise DataError(
            f"{source.title}: none of the {len(missing):,} utterances is there; expected videos <video>/<utterance>"
        )
    if missing:
        notes.append(
            finding("warning", f"{len(missing):,} utterances have no video", "They are left out.", missing)
        )
    return LabelIndex(table, NAME, seen.reason, notes, source, pictures="full")


def _ask_range(source: Source, lists: list[tuple[str, pd.DataFrame]], options: PrepareOptions) -> None:
    if options.label_scale not in {"auto", "-1..1", "0..1"}:
        raise DataError(
            f"{source.title}: label_scale of OMG-Emotion is 0..1 or -1..1 (for arousal), got {options.label_scale}"
        )
    for key, table in lists:
        where = source.where(key)
        for axis, low in (("valence", -1.0), ("arousal", 0.0 if options.label_scale == "0..1" else -1.0)):
            values = numbers(table, str(find_column(table, [axis])), where)
            bad = np.flatnonzero((values < low) | (values > 1))
            if len(bad):
                raise DataError(
                    f"{where}, row {table[ROW].iloc[bad[0]]}: {axis} expected in [{low:g}, 1], got {values[bad[0]]:g}"
                )
    arousal = np.concatenate(
        [numbers(table, str(find_column(table, ["arousal"])), source.where(key)) for key, table in lists]
    )
    if options.label_scale == "auto" and not (arousal < 0).any():
        raise AmbiguousScaleError(
            f"{source.title}: arousal lies in [{arousal.min(initial=1):g}, {arousal.max(initial=0):g}] and the authors of OMG-Emotion do"
            " not state its range; choose label_scale: 0..1 (calm is 0) or -1..1 (used as it stands)",
            ["0..1", "-1..1"],
        )


def _read_list(
    source: Source, key: str, table: pd.DataFrame, options: PrepareOptions, missing: list[str]
) -> pd.DataFrame:
    where = source.where(key)
    column = {name: str(find_column(table, [name])) for name in COLUMNS}
    valence, arousal = numbers(table, column["valence"], where), numbers(table, column["arousal"], where)
    if options.label_scale == "0..1":
        arousal = 2 * arousal - 1
    emotion = find_column(table, ["emotionmaxvote"])
    resolver = Resolver(source, key)
    parts = []
    for n in range(len(table)):
        video, utterance = str(table[column["video"]].iloc[n]), str(table[column["utterance"]].iloc[n])
        member = _member(source, resolver, video, utterance)
        if member is None:
            missing.append(f"{video}/{utterance}")
            continue
        with source.local_path(member) as path:
            frames = max(probe(path).frames, 1)
        chosen = np.unique(np.linspace(0, frames - 1, min(FRAMES, frames)).round().astype(np.int64))
        vote = str(table[emotion].iloc[n]).removesuffix(".0") if emotion else ""
        parts.append(
            make_table(
                len(chosen), video=member, frame=chosen, subject=video, valence=valence[n], arousal=arousal[n],
                category=EMOTIONS[int(vote)] if vote.isdecimal() and int(vote) < len(EMOTIONS) else "",
                split=split_by_name(key), label_file=key, label_row=table[ROW].iloc[n],
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True) if parts else make_table(0)


def _member(source: Source, resolver: Resolver, video: str, utterance: str) -> str | None:
    stem = utterance.rsplit(".", 1)[0]
    names = (utterance, *(stem + ending for ending in VIDEO_ENDINGS))
    for folder in dict.fromkeys(name.split("/", 1)[0] + "/" for name in source.names() if "/" in name):
        for name in names:
            for middle in ("", folder):
                if (key := f"{middle}{video}/{name}") in source:
                    return key
    return next(
        (found for name in names if (found := resolver.find(f"{video}/{name}")) and f"{video}/" in found),
        None,
    )
