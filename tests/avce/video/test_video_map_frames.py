"""Frames for activation maps: chosen, every n-th, peaks and turning points, all."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from avce.errors import OptionError
from avce.options import MOST_MAP_FRAMES, MapOptions
from avce.video.map_frames import map_frames


def table(valence: np.ndarray, track: int = 1) -> pd.DataFrame:
    at = np.arange(len(valence))
    box = {"x0": 0.0, "y0": 0.0, "x1": 50.0, "y1": 50.0}
    values = {"valence": valence, "arousal": np.where(np.isnan(valence), np.nan, 0.0)}
    state = np.where(np.isnan(valence), "lost", "detected")
    return pd.DataFrame({"frame": at, "pts_ms": at * 40.0, "track": track, "state": state, **values, **box})


def bumps(*places: int, frames: int = 200) -> np.ndarray:
    at = np.arange(frames)
    return sum(0.7 * np.exp(-(((at - place) / 8) ** 2)) for place in places)


def test_every_nth_counts_only_frames_with_a_face() -> None:
    curve = bumps(100)
    curve[10:30] = np.nan
    found = map_frames(table(curve), MapOptions.parse({"which": "every", "every": 10}))
    assert found[:3] == [0, 30, 40]
    assert len(found) == 18


def test_peaks_and_turning_points_are_found_and_nothing_in_between() -> None:
    found = map_frames(table(bumps(40, 120)), MapOptions.parse({"which": "peaks"}))
    assert {40, 120} <= set(found)
    assert 80 in found or 79 in found or 81 in found
    assert len(found) < 10


def test_of_one_face_only_its_own_frames_count() -> None:
    both = pd.concat([table(bumps(40)), table(np.full(200, np.nan), 2)])
    assert map_frames(both, MapOptions.parse({"which": "all"}), track=2) == []
    assert len(map_frames(both, MapOptions.parse({"which": "all"}), track=1)) == 200


def test_all_frames_of_a_long_video_are_refused_with_the_step_that_would_do() -> None:
    long = table(bumps(100, frames=1000))
    with pytest.raises(OptionError, match=r"1 to 256 frames with a face, got 1,000; take every 4th"):
        map_frames(long, MapOptions.parse({"which": "all"}))
    assert len(map_frames(long, MapOptions.parse({"which": "every", "every": 4}))) <= MOST_MAP_FRAMES


def test_more_peaks_than_the_limit_are_cut_not_refused() -> None:
    restless = table(bumps(*range(30, 24_000, 60), frames=24_000))
    assert len(map_frames(restless, MapOptions.parse({"which": "peaks"}))) == MOST_MAP_FRAMES
