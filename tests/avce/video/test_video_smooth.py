"""A running mean beside the values: centred, never over a gap, exact in the simple cases."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from avce.video.points import TRAJECTORY_COLUMNS
from avce.video.smooth import SMOOTHED_COLUMNS, smoothed, write_smoothed


def table(valence, *, states=None, track=1, step_ms=40.0):
    n = len(valence)
    rows = pd.DataFrame(
        {
            "frame": np.arange(n),
            "pts_ms": step_ms * np.arange(n),
            "track": pd.array([track] * n, dtype="Int64"),
            "state": states or ["detected"] * n,
            "valence": np.asarray(valence, float),
            "arousal": -np.asarray(valence, float),
        }
    )
    return rows.reindex(columns=list(TRAJECTORY_COLUMNS))


def test_a_window_of_nothing_gives_the_values():
    rows = table(np.random.default_rng(0).normal(size=50))
    out = smoothed(rows, 0.0)
    np.testing.assert_allclose(out["valence_smoothed"], rows["valence"], atol=1e-12)
    np.testing.assert_allclose(out["arousal_smoothed"], rows["arousal"], atol=1e-12)


def test_straight_lines_stay_and_the_ends_are_the_values_seen():
    rows = table(np.linspace(-1, 1, 40))
    np.testing.assert_allclose(smoothed(rows, 0.5)["valence_smoothed"], rows["valence"], atol=1e-12)


def test_the_mean_is_that_of_the_window():
    values = np.random.default_rng(1).normal(size=60)
    out = smoothed(table(values), 0.4)["valence_smoothed"].to_numpy()
    for i in range(60):
        reach = min(i, 59 - i, 5)  # .2 s to either side are five frames of 40 ms
        assert out[i] == pytest.approx(values[i - reach : i + reach + 1].mean())


def test_nothing_reaches_over_a_frame_without_a_face():
    values = [0.0] * 10 + [np.nan] * 2 + [1.0] * 10
    states = ["detected"] * 10 + ["lost"] * 2 + ["tracked"] * 10
    out = smoothed(table(values, states=states), 1.0)["valence_smoothed"].to_numpy()
    assert np.array_equal(out, np.array(values), equal_nan=True)


def test_frames_left_out_on_purpose_are_reached_over_and_stay_empty():
    values = np.where(np.arange(30) % 3 == 0, 0.3, np.nan)
    out = smoothed(table(values), 0.6)["valence_smoothed"].to_numpy()
    np.testing.assert_allclose(out[::3], 0.3)
    assert np.isnan(out[1::3]).all()


def test_tracks_do_not_touch_each_other_and_rows_keep_their_places():
    first, second = table([0.2] * 12), table([-0.6] * 12, track=2)
    both = pd.concat([first, second]).sort_values(["frame", "track"]).set_index(np.arange(24) * 7)
    out = smoothed(both, 0.4)
    assert out.index.equals(both.index)
    np.testing.assert_allclose(out["valence_smoothed"], both["valence"])


def test_the_file_beside_the_trajectory_has_its_own_columns_and_changes_nothing(tmp_path):
    trajectory = tmp_path / "trajectory.csv"
    rows = table([0.1, 0.2, np.nan], states=["detected", "tracked", "no_face"])
    rows.loc[2, "track"] = pd.NA
    rows.to_csv(trajectory, index=False, lineterminator="\n")
    before = trajectory.read_bytes()
    write_smoothed(trajectory, tmp_path / "smoothed.csv", 0.5)
    assert trajectory.read_bytes() == before
    lines = (tmp_path / "smoothed.csv").read_text().splitlines()
    assert lines[0] == ",".join(SMOOTHED_COLUMNS)
    assert lines[1:] == ["0,0.0,1,0.1,-0.1", "1,40.0,1,0.2,-0.2", "2,80.0,,,"]
