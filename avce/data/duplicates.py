"""Pictures that occur twice: byte for byte, or nearly. The same face in two splits makes figures too good."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from avce.data.findings import SHOWN_PLACES, Finding, finding
from avce.data.pictures import THUMB
from avce.data.sources import Source

NEAR_LIMIT = 200_000
"""Pictures compared with one another; of more, so many are sampled evenly and the finding says so. Time and memory grow
about linearly: 200,000 take a minute on one core and about 1 kB each."""
NEAR_CORRELATION = 0.985
"""Thumbnails that correlate so are taken for copies. Of 6.6 million pairs of different rendered pictures three reach it."""
NEIGHBOURS = 8
"""Look-alikes named for each picture, the nearest; so a thousand copies of one give thousands of pairs, not a million."""
PART = 4096
"""Thumbnails turned to floating point at a time."""
AXES = 16
"""Principal axes by which look-alikes are looked up. Distances along a few axes are never longer than in full, so no
pair is missed; the few that only look near are sorted out in full."""
LABEL_GAP = 0.3
FLAT = 4.0
"""Thumbnails whose grey levels spread less are plain surfaces and tell nothing."""


def exact_findings(source: Source, table: pd.DataFrame) -> Iterator[Finding]:
    """Pictures of equal bytes: across splits, re-used within a sequence, and otherwise."""
    pictures = table["image"][table["image"] != ""]
    again = repeated(pictures)
    groups = equal_files(source, pictures[~again] if again.any() else pictures)
    if again.any():
        listed = pictures[again].unique()
        yield finding("warning", f"{len(listed)} pictures are listed more than once",
                      "A picture with two rows counts twice, and may carry two labels.", listed[:SHOWN_PLACES])  # fmt: skip
    if not groups:
        return
    named = [key for keys in groups for key in keys]
    rows = (
        table.loc[table["image"].isin(named), ["image", "split", "video"]]
        .drop_duplicates("image")
        .set_index("image")
    )
    across, stale, plain = [], [], []
    for keys in groups:
        part = rows.loc[keys]
        text = " = ".join(keys[:4]) + (f" (and {len(keys) - 4} more)" if len(keys) > 4 else "")
        if len(set(part["split"])) > 1:
            across.append(text)
        elif (part["video"] != "").all() and len(set(part["video"])) == 1:
            stale.append(text)
        else:
            plain.append(text)
    if across:
        yield finding("error", f"{len(across)} pictures lie in more than one split",
                      "What was learnt by heart is tested: figures on that split are too good.", across)  # fmt: skip
    if stale:
        yield finding("warning", f"{len(stale)} crops are repeated within their sequence",
                      "Tools re-use the last crop where they find no face: the label goes on, the face does not.", stale)  # fmt: skip
    if plain:
        yield finding(
            "warning",
            f"{len(plain)} pictures occur more than once",
            "Copies weigh double in training and figures.",
            plain,
        )


def repeated(names: pd.Series[str]) -> NDArray[np.bool_]:
    """Which names occurred before. Compared by hash first: a table of all names takes 100 bytes for each."""
    hashes = np.fromiter((hash(name) for name in names), dtype=np.int64, count=len(names))
    order = np.argsort(hashes, kind="stable")
    is_same = np.flatnonzero(hashes[order[1:]] == hashes[order[:-1]])
    suspects = np.unique(order[np.r_[is_same, is_same + 1]])
    again = np.zeros(len(names), dtype=bool)
    again[suspects] = names.iloc[suspects].duplicated().to_numpy(bool)
    return again


def equal_files(source: Source, named: pd.Series[str]) -> list[list[str]]:
    """Groups of members with the same bytes. Only members that agree in size (and check sum) are read."""
    hints = np.fromiter((hash(source.hint(key)) for key in named), dtype=np.int64, count=len(named))
    order = np.argsort(hints, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(hints[order]) != 0]) if len(order) else order
    lengths = np.diff(np.r_[starts, len(order)])
    groups: dict[bytes, list[str]] = {}
    for start, length in zip(starts[lengths > 1], lengths[lengths > 1], strict=True):
        for number in order[start : start + length]:
            key = str(named.iloc[number])
            groups.setdefault(hashlib.sha256(source.read(key)).digest(), []).append(key)
    return [group for group in groups.values() if len(group) > 1]


def near_findings(table: pd.DataFrame, thumbs: list[bytes]) -> Iterator[Finding]:
    """Pictures that look the same: across splits, and with labels that differ.

    Args:
        table: Columns of an index, a row per thumbnail.
        thumbs: Thumbnails; empty ones are skipped.
    """
    rows = np.array([row for row, thumb in enumerate(thumbs) if len(thumb) == THUMB * THUMB], dtype=np.int64)
    if len(rows) > NEAR_LIMIT:
        why = "Comparing more takes memory; every picture is as likely to be among them."
        yield finding(
            "info", f"near copies were looked for among {NEAR_LIMIT:,} of {len(rows):,} pictures", why
        )
        rows = rows[np.linspace(0, len(rows) - 1, NEAR_LIMIT).round().astype(np.int64)]
    if len(rows) < 2:
        return
    grey = np.frombuffer(b"".join(thumbs[row] for row in rows), np.uint8).reshape(len(rows), -1)
    told = _one_of_each_scene(grey, table["video"].to_numpy(object)[rows])
    rows = rows[told]
    pairs = rows[near_pairs(grey[told])]
    split, video = table["split"].to_numpy(object), table["video"].to_numpy(object)
    pairs = pairs[
        [one != other or not one for one, other in zip(video[pairs[:, 0]], video[pairs[:, 1]], strict=True)]
    ]
    across = pairs[split[pairs[:, 0]] != split[pairs[:, 1]]]
    if len(across):
        yield finding("warning", f"{len(across)} pairs of nearly the same picture lie in different splits",
                      "A cropped or recompressed copy in another split flatters the figures.", _named(table, across))  # fmt: skip
    labels = table[["valence", "arousal"]].to_numpy(np.float64)
    apart = pairs[np.linalg.norm(labels[pairs[:, 0]] - labels[pairs[:, 1]], axis=1) > LABEL_GAP]
    if len(apart):
        yield finding("warning", f"{len(apart)} of {len(pairs)} pairs of nearly the same picture have different labels",
                      "This is how noisy the labels are: no model can be right on both.", _named(table, apart))  # fmt: skip


def _named(table: pd.DataFrame, pairs: NDArray[np.int64]) -> list[str]:
    """The first pairs, for people."""
    rows = table[["image", "video", "frame"]].iloc[pairs[:SHOWN_PLACES].ravel()].itertuples(index=False)
    names = [str(row.image) or f"{row.video} frame {row.frame}" for row in rows]
    return [f"{one} ~ {other}" for one, other in zip(names[::2], names[1::2], strict=True)]


def _one_of_each_scene(thumbs: NDArray[np.uint8], video: NDArray[np.object_]) -> NDArray[np.int64]:
    """Rows without those that look like the row before in the same video: they are no copies, and would hide some."""
    kept: list[int] = []
    for start in range(0, len(thumbs), PART):
        unit = _unit(thumbs[max(start - 1, 0) : start + PART])
        like = np.r_[-1.0, np.einsum("ij,ij->i", unit[1:], unit[:-1])][1 if start else 0 :]
        for row, correlation in enumerate(like, start):
            if correlation < NEAR_CORRELATION or not video[row] or video[row] != video[row - 1]:
                kept.append(row)
    return np.array(kept, dtype=np.int64)


def _unit(thumbs: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Thumbnails without mean, of length 1; plain surfaces become zero."""
    grey = thumbs.astype(np.float32)
    grey -= grey.mean(axis=1, keepdims=True)
    spread = np.linalg.norm(grey, axis=1, keepdims=True)
    grey /= np.maximum(spread, 1e-6)
    grey[spread[:, 0] <= FLAT * THUMB] = 0
    return grey


def near_pairs(thumbs: NDArray[np.uint8]) -> NDArray[np.int64]:
    r"""Pairs of rows whose thumbnails correlate by :data:`NEAR_CORRELATION` or more.

    For vectors of length 1, :math:`\|x-y\|^2 = 2 - 2\,x^\top y`: those that correlate lie near one another, and a
    k-d tree over the first principal axes finds them without comparing all with all.

    Args:
        thumbs: Shape ``(n, THUMB * THUMB)``.

    Returns:
        Shape ``(m, 2)``, the smaller row first, sorted, no pair twice; of each picture its :data:`NEIGHBOURS` nearest.
    """
    from scipy.spatial import cKDTree  # noqa: PLC0415 - slow to load

    low, is_plain = _along_axes(thumbs)
    rows = np.flatnonzero(~is_plain)
    if len(rows) < 2:
        return np.empty((0, 2), np.int64)
    radius = float(np.sqrt(2 - 2 * NEAR_CORRELATION)) + 1e-4  # single precision
    low = low[rows]
    _, found = cKDTree(low).query(low, k=NEIGHBOURS + 1, distance_upper_bound=radius)
    one = np.repeat(np.arange(len(rows)), NEIGHBOURS + 1)
    other = found.ravel()
    near = (other < len(rows)) & (other != one)
    pairs = rows[np.unique(np.sort(np.column_stack([one[near], other[near]]), axis=1), axis=0)]
    kept = [
        part[np.einsum("ij,ij->i", _unit(thumbs[part[:, 0]]), _unit(thumbs[part[:, 1]])) >= NEAR_CORRELATION]
        for part in np.array_split(pairs, len(pairs) // PART + 1)
    ]
    return np.concatenate(kept).astype(np.int64)


def _along_axes(thumbs: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Coordinates along the axes in which the pictures differ most, learnt from some of them; and which are plain."""
    some = _unit(thumbs[:: max(1, len(thumbs) // 20_000)])
    _, axes = np.linalg.eigh(some.T @ some - len(some) * np.outer(some.mean(axis=0), some.mean(axis=0)))
    axes = np.ascontiguousarray(axes[:, -AXES:])
    low, is_plain = np.empty((len(thumbs), AXES), np.float32), np.empty(len(thumbs), bool)
    for start in range(0, len(thumbs), PART):
        part = _unit(thumbs[start : start + PART])
        low[start : start + PART], is_plain[start : start + PART] = part @ axes, ~part.any(axis=1)
    return low, is_plain
