"""Train, validation and test parts: no subject in two of them, alike in labels, the same for the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from avce.errors import DataError
from avce.options import PrepareOptions, Split

PARTS = [split.value for split in Split]
NOT_GIVEN = -1
"""Parts by their place in PARTS take a byte per row."""

BINS_PER_AXIS = 4
"""The plane is cut into so many squares per axis when parts are made alike."""


def groups_of(table: pd.DataFrame) -> NDArray[np.int64]:
    """What must not be torn apart: the subject where known, else the video, else the single picture.

    Returns:
        A number per row, from 0, the same within a group.
    """
    subject, video = (_numbered(table[name]) for name in ("subject", "video"))
    n_subjects, n_videos = int(subject.max(initial=-1)) + 1, int(video.max(initial=-1)) + 1
    group = np.arange(n_subjects + n_videos, n_subjects + n_videos + len(table))
    np.copyto(group, n_subjects + video, where=video >= 0)
    np.copyto(group, subject, where=subject >= 0)
    is_taken = np.zeros(n_subjects + n_videos + len(table), dtype=bool)
    is_taken[group] = True
    return (np.cumsum(is_taken) - 1)[group]


def _numbered(names: pd.Series[str]) -> NDArray[np.int32]:
    """A number for each name in the order in which they occur first, -1 for an empty one."""
    codes, distinct = pd.factorize(names)
    number = np.cumsum(np.asarray(distinct) != "") - 1
    number[np.asarray(distinct) == ""] = -1
    return number.astype(np.int32)[codes]


def assign_splits(table: pd.DataFrame, *, val_share: float, test_share: float, seed: int) -> pd.DataFrame:
    """Give every row a split.

    Splits that the owners gave are kept. Parts are only made where they are missing: a table without any split
    is cut in three; one where all rows are ``train`` too (owners who kept their test set); from one with
    ``train`` and ``test`` a validation part is taken out of ``train``. Rows without a split in a table that has
    some join ``train``, unless their subject sits elsewhere already.

    Args:
        table: An index table.
        val_share: Share of rows for validation.
        test_share: Share of rows for test.
        seed: Same seed, same parts.

    Returns:
        The table with a full ``split`` column; the one given stays as it is.
    """
    codes, names = pd.factorize(table["split"])  # not a Python string for each row
    have = {name for name in names if name}
    groups = groups_of(table)
    if not have or have == {Split.TRAIN.value}:
        shares = {Split.TRAIN: 1 - val_share - test_share, Split.VAL: val_share, Split.TEST: test_share}
        chosen = _cut(table, groups, shares, seed)
    else:
        given = np.array([PARTS.index(name) if name else NOT_GIVEN for name in names], np.int8)[codes]
        chosen = _fill(given, groups)
        if have == {Split.TRAIN.value, Split.TEST.value} and val_share:
            rest = np.flatnonzero(chosen == PARTS.index(Split.TRAIN.value))
            shares = {Split.TRAIN: 1 - val_share, Split.VAL: val_share}
            chosen[rest] = _cut(
                table.iloc[rest], np.unique(groups[rest], return_inverse=True)[1], shares, seed
            )
    # the other columns are shared, not copied
    return table.assign(split=_as_text(chosen))


def _as_text(chosen: NDArray[np.int8]) -> pd.api.extensions.ExtensionArray:
    return pd.array(np.array(PARTS, dtype=object)[chosen], dtype="str")


def split_by_options(table: pd.DataFrame, options: PrepareOptions) -> pd.DataFrame:
    """Splits as the options ask: the owners' and what :func:`assign_splits` adds, or our own or folds in their place.

    Returns:
        A copy with a full ``split`` column, and a ``fold`` column where folds were asked for.

    Raises:
        DataError: Fewer subjects (videos, pictures) than folds.
    """
    if not options.folds:
        if options.splits == "ours":
            table = table.assign(split=pd.Series("", index=table.index, dtype="str"))
        return assign_splits(
            table, val_share=options.val_share, test_share=options.test_share, seed=options.seed
        )
    n_groups = len(np.unique(groups_of(table)))
    if n_groups < options.folds:
        raise DataError(
            f"folds: expected at most one per subject (or video, or picture without either), got {options.folds} for {n_groups};"
            " choose fewer"
        )
    fold = fold_numbers(table, options.folds, seed=options.seed)
    names = np.full(options.folds, Split.TRAIN.value, dtype=object)
    names[options.fold], names[(options.fold + 1) % options.folds] = Split.TEST.value, Split.VAL.value
    return table.assign(split=pd.array(names[fold], dtype="str"), fold=fold)


EXPORTED = ("image", "video", "frame", "subject", "split", "fold")


def export_splits(table: pd.DataFrame, path: Path) -> None:
    """Write which row is in which part, as csv with the columns :data:`EXPORTED`; ``fold`` is empty without folds.

    Raises:
        DataError: The file cannot be written.
    """
    columns = {name: table.get(name, "") for name in EXPORTED}
    fresh = path.with_name(f".{path.name}.partial")
    try:
        pd.DataFrame(columns, index=table.index).to_csv(fresh, index=False)
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise DataError(f"{path}: cannot be written ({error.strerror})") from error


def fold_numbers(table: pd.DataFrame, k: int, *, seed: int) -> NDArray[np.int64]:
    """Fold 0 … k-1 of every row for cross-validation: subject-disjoint, alike in size and labels."""
    return _deal(table, groups_of(table), np.full(k, 1 / k), seed)


def _fill(given: NDArray[np.int8], groups: NDArray[np.int64]) -> NDArray[np.int8]:
    first = np.full(int(groups.max(initial=-1)) + 1, PARTS.index(Split.TRAIN.value), np.int8)
    known = np.flatnonzero(given != NOT_GIVEN)[::-1]
    first[groups[known]] = given[known]  # of several rows of a group the last written, its first, stays
    return np.where(given == NOT_GIVEN, first[groups], given)


def _cut(
    table: pd.DataFrame, groups: NDArray[np.int64], shares: dict[Split, float], seed: int
) -> NDArray[np.int8]:
    parts = [split for split, share in shares.items() if share > 0]
    # with fewer groups than parts, training comes first, then validation
    parts = parts[: max(1, int(groups.max(initial=0)) + 1)]
    total = sum(shares[split] for split in parts)
    number = _deal(table, groups, np.array([shares[split] / total for split in parts]), seed)
    return np.array([PARTS.index(split.value) for split in parts], np.int8)[number]


def _deal(
    table: pd.DataFrame, groups: NDArray[np.int64], shares: NDArray[np.float64], seed: int
) -> NDArray[np.int64]:
    """Deal whole groups to parts so that each part holds its share of every square of the plane.

    Greedy: big groups first, each to the part whose squared distance from its wanted histogram falls most.
    """
    n_groups, n_parts = int(groups.max(initial=-1)) + 1, len(shares)
    histogram = _histograms(table, groups, n_groups)
    order = np.random.default_rng([seed, n_groups]).permutation(n_groups)
    order = order[np.argsort(-histogram[order].sum(axis=1), kind="stable")]
    wanted = shares[:, None] * histogram.sum(axis=0)
    weight = 1 / np.maximum(wanted, 1)
    left = wanted.copy()
    part_of = np.zeros(n_groups, dtype=np.int64)
    filled = np.zeros(n_parts, dtype=np.int64)
    for turn, group in enumerate(order):
        gain = (weight * (left**2 - (left - histogram[group]) ** 2)).sum(axis=1)
        empty = np.flatnonzero(filled == 0)
        if n_groups - turn <= len(empty):  # the last groups go to parts that have none yet
            gain = np.where(filled == 0, gain, -np.inf)
        part = int(np.argmax(gain))
        part_of[group] = part
        filled[part] += 1
        left[part] -= histogram[group]
    return part_of[groups]


def _histograms(table: pd.DataFrame, groups: NDArray[np.int64], n_groups: int) -> NDArray[np.float64]:
    edges: Sequence[float] = np.linspace(-1, 1, BINS_PER_AXIS + 1)[1:-1].tolist()
    cell = groups * BINS_PER_AXIS**2
    cell += np.digitize(table["valence"], edges) * BINS_PER_AXIS
    cell += np.digitize(table["arousal"], edges)
    flat = np.bincount(cell, minlength=n_groups * BINS_PER_AXIS**2)
    return flat.reshape(n_groups, -1).astype(np.float64)
