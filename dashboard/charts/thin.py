"""Trajectories made fit for a browser: one table per run and track, gaps as gaps, few points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from avce.metrics.conformal import BAND_COLUMNS
from dashboard.charts.theme import MAX_POINTS, Series

SEEN = ("detected", "tracked")
"""States in which a face is there; without a value such a frame was skipped on purpose and is no gap."""

_GAP = 1.75  # a step of more than this many usual steps is a gap


@dataclass(frozen=True)
class Run:
    """Rows of one run and track, in time order."""

    name: str
    colour: str
    system: str
    is_first: bool
    rows: pd.DataFrame


def sorted_runs(
    table: pd.DataFrame, series: Mapping[str, Series] | None = None, *, dark: bool = False
) -> Iterator[Run]:
    """One :class:`Run` per run and track that has a value; ``is_first`` for the first track of each run."""
    by_run = (
        [("", table)] if "run_id" not in table else list(table.groupby("run_id", sort=False, dropna=False))
    )
    for run_id, of_run in by_run:
        given = (series or {}).get(str(run_id)) or Series(str(run_id) or "prediction", "avce")
        is_first = True
        for rows in _tracks(of_run):
            if rows["valence"].notna().any():
                yield Run(given.name, given.drawn_in(dark=dark), given.system, is_first, rows)
                is_first = False


def _tracks(of_run: pd.DataFrame) -> Iterator[pd.DataFrame]:
    if "track" not in of_run or of_run["track"].isna().all():
        yield of_run.sort_values("pts_ms")
        return
    empty = of_run[of_run["track"].isna()]  # frames without a face are gaps of every track
    for _, rows in of_run.groupby("track", sort=True):
        inside = empty[empty["pts_ms"].between(rows["pts_ms"].min(), rows["pts_ms"].max())]
        yield pd.concat([rows, inside]).sort_values("pts_ms") if len(inside) else rows.sort_values("pts_ms")


def segments(rows: pd.DataFrame) -> pd.DataFrame:
    """Columns ``frame, pts_ms, valence, arousal`` (and a band's, where there are) with one all-``nan`` value row in each gap.

    A gap is a frame without a value whose state is not :data:`SEEN`, or a jump in frame numbers.
    """
    if "state" in rows:
        rows = rows[~(rows["state"].isin(SEEN) & rows["valence"].isna())]
    columns = ("frame", "pts_ms", "valence", "arousal", *(name for name in BAND_COLUMNS if name in rows))
    kept = pd.DataFrame({name: rows[name].to_numpy(np.float64) for name in columns})
    kept.loc[kept["valence"].isna(), list(columns[3:])] = np.nan
    empty = kept["valence"].isna()
    kept = kept[~(empty & empty.shift(fill_value=False))]  # one row is enough for one gap
    steps = kept["frame"].diff()
    usual = steps[steps > 0].median()
    before = np.flatnonzero(steps.to_numpy() > _GAP * usual) if len(kept) > 2 else np.array([], int)
    if len(before) == 0:
        return kept.reset_index(drop=True)
    blanks = kept.iloc[before].copy()
    blanks["pts_ms"] = (kept["pts_ms"].to_numpy()[before] + kept["pts_ms"].to_numpy()[before - 1]) / 2
    blanks[list(columns[2:])] = np.nan
    return pd.concat([kept, blanks]).sort_values("pts_ms", kind="stable").reset_index(drop=True)


def thinned(rows: pd.DataFrame, column: str, limit: int = MAX_POINTS) -> pd.DataFrame:
    """At most ``limit`` rows: of each bucket the lowest and the highest value, and one row of each gap's bucket.

    Args:
        rows: In time order; ``nan`` in ``column`` is a gap.
        column: Whose extremes must stay.
        limit: Largest number of rows, >= 3.
    """
    if len(rows) <= limit:
        return rows
    values = rows[column].to_numpy(np.float64)
    keep = []
    for part in np.array_split(np.arange(len(rows)), limit // 3):
        known = part[np.isfinite(values[part])]
        gaps = part[~np.isfinite(values[part])]
        if len(known):
            keep += [known[values[known].argmin()], known[values[known].argmax()]]
        keep += list(gaps[:1])
    return rows.iloc[np.unique(keep)]


def is_alone(values: pd.Series) -> NDArray[np.bool_]:
    """Whether each value stands between two gaps, where a line would draw nothing."""
    known = values.notna().to_numpy(bool)
    padded = np.concatenate([[False], known, [False]])
    return np.asarray(known & ~padded[:-2] & ~padded[2:], np.bool_)
