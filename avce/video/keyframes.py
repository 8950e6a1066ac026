"""Which frames of a video are worth a picture: peaks, turning points, and where models part. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.signal import find_peaks

from avce.errors import DataError
from avce.video.smooth import smoothed

FILLER = "in between"
"""Reason of frames that fill up the number."""
AXES = ("valence", "arousal")
_SMOOTH_SHARE = 0.01  # turning points are those of a mean over so much of the video, not of noise
_LEAST_TURN = 0.05  # a turn lower than this is none


@dataclass(frozen=True)
class KeyFrame:
    """A frame and why it was chosen.

    Attributes:
        frame: Its number.
        reason: In a few words, such as ``valence highest``.
    """

    frame: int
    reason: str


def choose_key_frames(tables: Sequence[pd.DataFrame], count: int = 5) -> list[KeyFrame]:
    """Frames worth a picture, in order of time.

    The largest gap between models comes first (with two or more of them), then the four extremes of valence and
    arousal of the first model, then its turning points, the most prominent first, then frames spread over the
    rest. Frames closer than a third of an even spacing count as one while others are to be had.

    Args:
        tables: One per model, the leading model first: ``frame, pts_ms, valence, arousal, state`` of one face,
            one row per frame. Rows without values are passed over.
        count: How many at most, >= 1.

    Returns:
        Distinct frames in which every model has a value; empty when there is none.

    Raises:
        DataError: No table.
    """
    if not tables:
        raise DataError("key frames: expected the trajectory of at least one model, got none")
    values = _common(tables)
    if values.empty:
        return []
    ranked = list(_ranked(values, tables[0], len(tables)))
    span = int(values["frame"].iloc[-1] - values["frame"].iloc[0]) + 1
    chosen = _apart(ranked, count, span / (3 * count))
    if len(chosen) < count:  # a short stretch: take neighbours rather than too few
        chosen = _apart([*chosen, *ranked], count, 0)
    return sorted(chosen, key=lambda key: key.frame)


def _common(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Frames in which all models have values; columns ``valence0, arousal0, valence1, …``."""
    parts = [
        table.dropna(subset=list(AXES)).drop_duplicates("frame").set_index("frame")[list(AXES)].add_suffix(str(place))
        for place, table in enumerate(tables)
    ]  # fmt: skip
    return pd.concat(parts, axis=1, join="inner").sort_index().reset_index()


def _ranked(values: pd.DataFrame, lead: pd.DataFrame, models: int) -> Iterator[KeyFrame]:
    frames = values["frame"].to_numpy(int)
    if models > 1:
        gaps = np.stack([np.ptp(_columns(values, axis, models), axis=1) for axis in AXES], axis=1)
        place, axis = np.unravel_index(int(gaps.argmax()), gaps.shape)
        yield KeyFrame(int(frames[place]), f"largest gap ({AXES[axis]})")
    for axis_name in AXES:
        one = values[f"{axis_name}0"].to_numpy(np.float64)
        yield KeyFrame(int(frames[one.argmax()]), f"{axis_name} highest")
        yield KeyFrame(int(frames[one.argmin()]), f"{axis_name} lowest")
    yield from _turns(lead, set(frames.tolist()))
    spread = np.linspace(0, len(frames) - 1, 2 * len(AXES) + 7).astype(int)[1:-1]
    for place in spread:
        yield KeyFrame(int(frames[place]), FILLER)


def _columns(values: pd.DataFrame, axis: str, models: int) -> NDArray[np.float64]:
    return values[[f"{axis}{place}" for place in range(models)]].to_numpy(np.float64)


def _turns(lead: pd.DataFrame, allowed: set[int]) -> Iterator[KeyFrame]:
    """Turning points of the smoothed curves of one model, the most prominent first."""
    length_s = float(lead["pts_ms"].max() - lead["pts_ms"].min()) / 1000
    means = smoothed(lead, length_s * _SMOOTH_SHARE)
    found: list[tuple[float, KeyFrame]] = []
    for axis in AXES:
        is_known = means[f"{axis}_smoothed"].notna().to_numpy()
        curve = means.loc[is_known, f"{axis}_smoothed"].to_numpy(np.float64)
        frames = lead.loc[is_known, "frame"].to_numpy(int)
        for sign, word in ((1, "falls"), (-1, "rises")):
            places, facts = find_peaks(sign * curve, prominence=_LEAST_TURN)
            found += [
                (float(height), KeyFrame(int(frames[place]), f"{axis} turns, then {word}"))
                for place, height in zip(places, facts["prominences"], strict=True)
            ]
    for _, key in sorted(found, key=lambda item: -item[0]):
        if key.frame in allowed:
            yield key


def _apart(ranked: Sequence[KeyFrame], count: int, distance: float) -> list[KeyFrame]:
    chosen: list[KeyFrame] = []
    for key in ranked:
        if len(chosen) < count and all(abs(key.frame - other.frame) > distance for other in chosen):
            chosen.append(key)
    return chosen
