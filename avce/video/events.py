"""Moments worth looking at in a trajectory: peaks, rises, stays in a quadrant, and episodes by a rule. Torch-free.

All functions take a table with :data:`avce.video.points.TRAJECTORY_COLUMNS` and look at each track by itself.
A frame without a face ends whatever is going on: nothing is bridged, nothing is guessed. Frames that were left
out on purpose (one in n is judged) end nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from avce.errors import OptionError
from avce.options import Axis
from avce.video.states import STATES_WITH_VALUES

QUADRANTS: dict[str, tuple[int, int]] = {
    "pleased and excited": (1, 1),
    "pleased and calm": (1, -1),
    "displeased and calm": (-1, -1),
    "displeased and excited": (-1, 1),
}
"""Signs of valence and arousal by name."""


@dataclass(frozen=True)
class Event:
    """A stretch of one track.

    Attributes:
        kind: "peak", "trough", "rise", "fall", "dwell" or "episode".
        track: Id of the face.
        first_frame: First frame of it.
        last_frame: Last frame of it.
        start_ms: Presentation time of the first frame.
        end_ms: When the last frame gives way to the next.
        label: Axis, quadrant or rule.
        value: Height of a peak, change of a rise, share of the track's judged time else.
    """

    kind: str
    track: int
    first_frame: int
    last_frame: int
    start_ms: float
    end_ms: float
    label: str
    value: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return (self.end_ms - self.start_ms) / 1000


@dataclass(frozen=True)
class Condition:
    """One comparison, such as ``valence < -0.3``; ``intensity`` is the distance from neutral."""

    quantity: str
    is_above: bool
    limit: float

    def holds(self, valence: NDArray[np.float64], arousal: NDArray[np.float64]) -> NDArray[np.bool_]:
        """For each sample whether it is met."""
        given = {"valence": valence, "arousal": arousal, "intensity": np.hypot(valence, arousal)}[
            self.quantity
        ]
        return np.asarray(given > self.limit if self.is_above else given < self.limit, bool)

    def __str__(self) -> str:
        return f"{self.quantity} {'>' if self.is_above else '<'} {self.limit:g}"


@dataclass(frozen=True)
class Rule:
    """All conditions at once, for at least so long."""

    conditions: tuple[Condition, ...]
    min_s: float

    def __str__(self) -> str:
        return f"{' and '.join(map(str, self.conditions))} for {self.min_s:g} s"


_NAMES = {"v": "valence", "valence": "valence", "a": "arousal", "arousal": "arousal", "r": "intensity"}
_CONDITION = re.compile(
    r"\s*(valence|arousal|intensity|v|a|r)\s*([<>])=?\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*", re.I
)
_LENGTH = re.compile(r"\s*(?:>=|≥)?\s*(\d+\.?\d*|\.\d+)\s*(ms|s)?\s*", re.I)


def parse_rule(text: str) -> Rule:
    """Read a rule like ``V < -.3 and A > .5 for >= 2 s``.

    Args:
        text: Comparisons of V (valence), A (arousal) or intensity with numbers, joined by "and"; then, if wanted,
            "for" and the least length in s or ms.

    Raises:
        OptionError: It cannot be read; the text says which part.
    """
    head, _, tail = text.replace("−", "-").partition(" for ")
    length = _LENGTH.fullmatch(tail) if tail.strip() else None
    if tail.strip() and length is None:
        raise OptionError(f"rule: expected a length such as '2 s' behind 'for', got {tail.strip()!r}")
    conditions = []
    for part in re.split(r"\band\b|&", head, flags=re.I):
        found = _CONDITION.fullmatch(part)
        if found is None:
            raise OptionError(
                f"rule: expected comparisons such as 'V < -0.3 and A > 0.5 for 2 s', cannot read {part.strip()!r}"
            )
        name = found[1].lower()
        conditions.append(Condition(_NAMES.get(name, name), found[2] == ">", float(found[3])))
    min_s = float(length[1]) / (1000 if (length[2] or "s").lower() == "ms" else 1) if length else 0.0
    return Rule(tuple(conditions), min_s)


def episodes(table: pd.DataFrame, rule: Rule) -> list[Event]:
    """Stretches in which a rule holds for long enough."""
    return episodes_in(runs_of(table), rule)


def episodes_in(runs: Iterable[Run], rule: Rule) -> list[Event]:
    """Stretches in which a rule holds for long enough, from runs that are at hand."""
    return _stretches(
        runs,
        lambda v, a: np.logical_and.reduce([condition.holds(v, a) for condition in rule.conditions]),
        "episode",
        str(rule),
        rule.min_s,
    )


def dwells(table: pd.DataFrame, *, min_s: float = 1.0, neutral: float = 0.1) -> list[Event]:
    """Stays in one quadrant of the plane.

    Args:
        table: A trajectory.
        min_s: Least length.
        neutral: Points nearer to the origin than this belong to no quadrant.
    """

    def inside(signs: tuple[int, int]) -> Callable[..., NDArray[np.bool_]]:
        return lambda v, a: (v * signs[0] > 0) & (a * signs[1] > 0) & (np.hypot(v, a) >= neutral)

    runs = list(runs_of(table))
    found = [
        event
        for name, signs in QUADRANTS.items()
        for event in _stretches(runs, inside(signs), "dwell", name, min_s)
    ]
    return sorted(found, key=lambda event: (event.start_ms, event.track))


def peaks(table: pd.DataFrame, axis: Axis, *, min_height: float = 0.15, apart_s: float = 1.0) -> list[Event]:
    """Local extremes that stand out from both sides.

    Args:
        table: A trajectory.
        axis: Valence or arousal.
        min_height: Least prominence: how far one must go down on either side before it goes higher.
        apart_s: Of extremes of one kind closer than this only the most prominent stays.
    """
    from scipy.signal import find_peaks  # noqa: PLC0415 - slow to load, and pages read rules from here

    found: list[Event] = []
    for run in runs_of(table):
        values = run.axis(axis)
        for kind, series in (("peak", values), ("trough", -values)):
            tops, found_out = find_peaks(series, prominence=min_height)
            chosen: list[int] = []
            for top in tops[np.argsort(-found_out["prominences"], kind="stable")]:
                if all(abs(run.ms[top] - run.ms[other]) >= 1000 * apart_s for other in chosen):
                    chosen.append(int(top))
            found += [run.event(kind, i, i, str(axis), float(values[i])) for i in chosen]
    return sorted(found, key=lambda event: (event.start_ms, event.track))


def rises(table: pd.DataFrame, axis: Axis, *, min_change: float = 0.3, within_s: float = 2.0) -> list[Event]:
    """Quick changes, up ("rise") or down ("fall"); overlapping ones are reported once, by the largest.

    Args:
        table: A trajectory.
        axis: Valence or arousal.
        min_change: Least change.
        within_s: Longest time it may take.
    """
    found: list[Event] = []
    for run in runs_of(table):
        values = run.axis(axis)
        stops = np.searchsorted(run.ms, run.ms + 1000 * within_s, side="right")
        for kind, series in (("rise", values), ("fall", -values)):
            ends = np.array([i + int(np.argmax(series[i:stop])) for i, stop in enumerate(stops)])
            change = series[ends] - series
            busy = np.zeros(len(series), bool)
            for start in np.argsort(-change, kind="stable"):
                end = ends[start]
                if change[start] < min_change:
                    break
                if not busy[start : end + 1].any():
                    # Of equally low starts the last one is where it begins.
                    start = end - int(np.argmin(series[start : end + 1][::-1]))  # noqa: PLW2901
                    busy[start : end + 1] = True
                    found.append(
                        run.event(kind, int(start), int(end), str(axis), float(values[end] - values[start]))
                    )
    return sorted(found, key=lambda event: (event.start_ms, event.track))


@dataclass(frozen=True)
class Run:
    """Samples of one track without a gap; ``rows`` says where in the table they stand."""

    track: int
    rows: NDArray[np.int64]
    frames: NDArray[np.int64]
    ms: NDArray[np.float64]
    valence: NDArray[np.float64]
    arousal: NDArray[np.float64]
    ends_ms: NDArray[np.float64]
    track_ms: float

    def axis(self, axis: Axis) -> NDArray[np.float64]:
        """Values of one axis."""
        return self.valence if axis is Axis.VALENCE else self.arousal

    def event(self, kind: str, first: int, last: int, label: str, value: float) -> Event:
        """An event from one sample to another, both within it."""
        return Event(
            kind,
            self.track,
            int(self.frames[first]),
            int(self.frames[last]),
            float(self.ms[first]),
            float(self.ends_ms[last]),
            label,
            value,
        )


def runs_of(table: pd.DataFrame) -> Iterator[Run]:
    """Each track cut where it has a frame without a face, or a frame without a row."""
    numbered = table.assign(row=np.arange(len(table)))
    for track, unsorted in numbered[table["track"].notna()].groupby("track", sort=True):
        rows = unsorted.sort_values("frame")
        ms = rows["pts_ms"].to_numpy(float)
        has_face = rows["state"].isin([str(state) for state in STATES_WITH_VALUES]).to_numpy()
        has_values = rows["valence"].notna().to_numpy() & rows["arousal"].notna().to_numpy()
        gap = np.diff(rows["frame"].to_numpy(), prepend=rows["frame"].iloc[0])
        segment = np.cumsum(~has_face | (gap > 1))
        # A sample lasts until the next row of the track; the last one as long as most.
        usual = float(np.median(np.diff(ms))) if len(ms) > 1 else 0.0
        judged = has_face & has_values
        whole_ms = float(has_face.sum()) * usual
        for number in np.unique(segment[judged]):
            # Numbers grow from row to row, so a run is a slice.
            part = slice(*np.searchsorted(segment, [number, number + 1]))
            own = np.flatnonzero(judged[part]) + part.start
            times = ms[own]
            ends = np.append(times[1:], ms[part][has_face[part]][-1] + usual)
            yield Run(
                int(str(track).split(".")[0]),
                rows["row"].to_numpy(np.int64)[own],
                rows["frame"].to_numpy(np.int64)[own],
                times,
                rows["valence"].to_numpy(float)[own],
                rows["arousal"].to_numpy(float)[own],
                ends,
                whole_ms,
            )


def _stretches(
    runs: Iterable[Run],
    holds: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.bool_]],
    kind: str,
    label: str,
    min_s: float,
) -> list[Event]:
    found = []
    for run in runs:
        met = np.asarray(holds(run.valence, run.arousal), bool)
        borders = np.flatnonzero(np.diff(met, prepend=False, append=False))
        for first, stop in pairwise(borders):
            length_ms = float(run.ends_ms[stop - 1] - run.ms[first])
            if met[first] and length_ms >= 1000 * min_s - 1e-6:
                found.append(
                    run.event(kind, int(first), int(stop - 1), label, length_ms / max(run.track_ms, 1e-9))
                )
    return found
