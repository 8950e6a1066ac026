"""Key frames: peaks, turning points, the largest gap between models."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from avce.errors import DataError
from avce.video.keyframes import choose_key_frames


def table(valence, arousal=0.0, state: str = "detected") -> pd.DataFrame:
    at = np.arange(len(valence))
    return pd.DataFrame(
        {"frame": at, "pts_ms": at * 40.0, "track": 1, "state": state, "valence": valence, "arousal": arousal}
    )


FLAT = np.zeros(300)


def bump(at: int, height: float, width: float = 12.0) -> np.ndarray:
    return height * np.exp(-(((np.arange(300) - at) / width) ** 2))


def test_the_highest_and_the_lowest_are_chosen() -> None:
    keys = choose_key_frames([table(bump(80, 0.8) + bump(200, -0.6))])
    reasons = {key.frame: key.reason for key in keys}
    assert reasons[80] == "valence highest"
    assert reasons[200] == "valence lowest"


def test_lesser_peaks_are_turning_points() -> None:
    curve = bump(60, 0.9) + bump(150, 0.4) + bump(240, -0.5)
    keys = choose_key_frames([table(curve)], 6)
    assert any(abs(key.frame - 150) <= 2 and "turns, then falls" in key.reason for key in keys)


def test_the_largest_gap_between_models_comes_first() -> None:
    keys = choose_key_frames([table(bump(60, 0.9)), table(bump(60, 0.9) + bump(222, 0.7))], 1)
    assert [(key.frame, key.reason) for key in keys] == [(222, "largest gap (valence)")]


def test_frames_in_which_one_model_has_no_value_are_never_chosen() -> None:
    other = table(FLAT)
    other.loc[50:100, ["valence", "arousal"]] = np.nan
    keys = choose_key_frames([table(bump(80, 0.9)), other], 8)
    assert not any(50 <= key.frame <= 100 for key in keys)


def test_frames_are_apart_and_in_order() -> None:
    frames = [key.frame for key in choose_key_frames([table(bump(80, 0.9), bump(82, 0.8))])]
    assert frames == sorted(frames)
    assert len(frames) == 5
    assert min(np.diff(frames)) > 300 / 15


def test_a_short_stretch_gives_what_it_has() -> None:
    assert [key.frame for key in choose_key_frames([table(np.array([0.1, 0.2, 0.3]))], 5)] == [0, 1, 2]


def test_no_value_no_key_frame_and_no_table_is_a_mistake() -> None:
    assert choose_key_frames([table(np.full(5, np.nan), np.nan, "no_face")]) == []
    with pytest.raises(DataError):
        choose_key_frames([])
