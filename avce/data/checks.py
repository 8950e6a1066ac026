"""Checks of labels, splits and pictures: what spoils results, each with the reason why it matters."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from avce.data.cutting import NO_FRAME
from avce.data.decision import Decision
from avce.data.findings import Finding, finding
from avce.data.labels import BOX_COLUMNS, place
from avce.options import Split

SMALL_FACE_PX = 32
DARK = 0.12


def places(table: pd.DataFrame, rows: NDArray[np.intp] | list[int]) -> list[str]:
    """Pictures or frames of rows, for ``where``."""
    return [_picture(table, int(row)) for row in rows]


def _picture(table: pd.DataFrame, row: int) -> str:
    at = table.iloc[row]
    return (
        str(at["image"])
        if at["image"]
        else f"{at['video']} frame {at['frame']}"
        if at["video"]
        else place(table, row)
    )


def label_findings(table: pd.DataFrame) -> Iterator[Finding]:
    """What the labels alone tell."""
    zero = np.flatnonzero((table["valence"] == 0) & (table["arousal"] == 0) & ~table["weak"])
    if len(zero) > 0.005 * len(table):
        yield finding("warning", f"{len(zero) / len(table):.1%} of the labels are exactly (0, 0)",
                      "Such labels often stand for 'not rated'. They have no sign, so SAGR depends on how they are counted.",
                      places(table, zero[:50]))  # fmt: skip
    for axis in ("valence", "arousal"):
        if len(table) > 1 and table[axis].std(ddof=0) < 1e-9:
            yield finding(
                "error",
                f"{axis} is the same everywhere",
                "Nothing can be learnt from a constant, and PCC is undefined.",
            )
    positive = float((table["arousal"] > 0).mean())
    if len(table) >= 50 and positive > 0.9:
        yield finding("info", f"{positive:.0%} of the arousal labels are positive",
                      "A model that always says 'excited' gets this share of signs right: read SAGR beside that.")  # fmt: skip


def split_findings(table: pd.DataFrame, given_splits: list[str]) -> Iterator[Finding]:
    """Parts that are missing, leak, or differ."""
    made = sorted(set(table["split"]) - set(given_splits))
    if "fold" in table:
        held = int(table["fold"][table["split"] == Split.TEST.value].iloc[0])
        n_folds = int(table["fold"].max()) + 1
        why = "Asked for with folds, in place of any splits of the owners; parts share no subject or video, and are seeded."
        yield finding("info", f"fold {held} of {n_folds} is test, the next one val", why)
    elif made:
        had = (
            f"the owners gave only {' and '.join(given_splits)}"
            if given_splits
            else "the owners gave no splits"
        )
        yield finding(
            "info",
            f"splits {', '.join(made)} were made here",
            f"{had.capitalize()}; parts share no subject or video, and are seeded.",
        )
    for split in Split:
        if not (table["split"] == split.value).any():
            yield finding("warning" if split is Split.VAL else "info", f"split {split.value} is empty",
                          "Training needs train and val; figures on test need test.")  # fmt: skip
    yield from _torn_subjects(table)
    yield from _shift(table)


def _torn_subjects(table: pd.DataFrame) -> Iterator[Finding]:
    known = table.loc[table["subject"] != "", ["subject", "split"]]
    if known.empty:
        kept = "Splits keep videos whole, but the" if (table["video"] != "").any() else "The"
        yield finding(
            "info",
            "subjects are unknown",
            f"{kept} same person may sit in training and test, which flatters the figures.",
        )
        return
    parts = known.groupby("subject")["split"].unique()
    torn = parts[parts.map(len) > 1]
    if len(torn):
        yield finding("error", f"{len(torn)} subjects are in more than one split",
                      "A model that remembers the face scores better than it is; give each subject one split (splits = ours makes new ones).",
                      [f"{name}: {', '.join(sorted(splits))}" for name, splits in torn.items()])  # fmt: skip


def _shift(table: pd.DataFrame) -> Iterator[Finding]:
    axes = ["valence", "arousal"]  # only these columns: a copy of all takes as much as the table
    train = table.loc[table["split"] == Split.TRAIN.value, axes]
    for split in (Split.VAL, Split.TEST):
        part = table.loc[table["split"] == split.value, axes]
        if len(train) < 50 or len(part) < 50:
            continue
        for axis in axes:
            gap, spread = float(part[axis].mean() - train[axis].mean()), float(table[axis].std(ddof=0))
            if spread > 0 and abs(gap) > 0.3 * spread:
                yield finding("warning", f"{axis} of {split.value} lies {gap:+.2f} from train",
                              "CCC punishes an offset: part of the error on this split comes from the split itself.")  # fmt: skip


def picture_findings(table: pd.DataFrame, decision: Decision) -> Iterator[Finding]:
    """What the pictures show."""
    if not decision.is_sure:
        yield finding(
            "warning",
            "it is not certain whether the pictures are face crops",
            f"Decided: {decision.text}. Set detect to always or never to choose.",
        )
    lost = np.flatnonzero(~table["face"].to_numpy(bool))
    reasons = table["reason"].to_numpy(object)[lost]
    for reason in sorted(set(reasons)):
        yield _lost(table, lost[reasons == reason], reason)
    if decision.finds_faces:
        several = np.flatnonzero(table["n_faces"].to_numpy() > 1)
        if len(several):
            yield finding("warning", f"{len(several)} pictures show more than one face",
                          "The label says nothing about which is meant: the one that goes on from the frame before was cut, else the largest.",
                          stretches(table, several))  # fmt: skip
        boxes = table[list(BOX_COLUMNS)].to_numpy(np.float64)
        side = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    else:
        side = table[["width", "height"]].to_numpy(np.float64).min(axis=1)
    face = table["face"].to_numpy(bool)
    small = np.flatnonzero(face & (side < SMALL_FACE_PX))
    if len(small):
        yield finding(
            "warning",
            f"{len(small)} faces are smaller than {SMALL_FACE_PX} pixels",
            "They are enlarged and blurred; expressions can hardly be read.",
            places(table, small[:50]),
        )
    dark = np.flatnonzero(face & (table["brightness"].to_numpy(np.float64) < DARK))
    if len(dark):
        yield finding(
            "info",
            f"{len(dark)} faces are very dark",
            "Predictions on them are unreliable.",
            places(table, dark[:50]),
        )


def _lost(table: pd.DataFrame, rows: NDArray[np.intp], reason: str) -> Finding:
    if reason == NO_FRAME:
        return finding("warning", f"{len(rows)} labels lie beyond the end of their video",
                       "They are left out. If frames are missing from the middle, the labels after them are shifted.", stretches(table, rows))  # fmt: skip
    return finding("warning" if len(rows) < 0.5 * len(table) else "error", f"{len(rows)} pictures without a face",
                   "They are marked and left out, never filled from a neighbour; a label without a face teaches nothing.", stretches(table, rows))  # fmt: skip


def stretches(table: pd.DataFrame, rows: NDArray[np.intp]) -> list[str]:
    """Places of rows, with runs of frames of one video drawn together ("004.mp4 frames 60-74")."""
    found: list[str] = []
    start = 0
    video, frame = table["video"].to_numpy(object), table["frame"].to_numpy()
    for n in range(1, len(rows) + 1):
        if (
            n < len(rows)
            and rows[n] == rows[n - 1] + 1
            and video[rows[n]]
            and video[rows[n]] == video[rows[start]]
        ):
            continue
        first, last = rows[start], rows[n - 1]
        found.append(
            _picture(table, int(first))
            if first == last
            else f"{video[first]} frames {frame[first]}-{frame[last]}"
        )
        start = n
    return found
