"""Statistics of a stretch."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from avce.errors import ShapeError
from avce.quadrants import QUADRANTS, quadrant_of
from avce.video.stretch import stretch_statistics


def table(pts_ms, valence, arousal) -> pd.DataFrame:
    return pd.DataFrame(
        {"frame": range(len(pts_ms)), "pts_ms": pts_ms, "valence": valence, "arousal": arousal}
    )


def test_a_line_over_uneven_times_has_its_own_slope() -> None:
    at = np.array([0.0, 40.0, 50.0, 200.0, 1000.0])
    found = stretch_statistics(table(at, 0.2 + 0.3 * at / 1000, 0.5 - 0.1 * at / 1000))
    assert found.valence.slope_per_s == pytest.approx(0.3)
    assert found.arousal.slope_per_s == pytest.approx(-0.1)
    assert found.valence.mean == pytest.approx((0.2 + 0.3 * at / 1000).mean())
    assert found.valence.sd == pytest.approx((0.3 * at / 1000).std(ddof=1))


def test_time_in_quadrants_is_that_of_the_frames_and_leaves_out_frames_without_a_value() -> None:
    found = stretch_statistics(table([0, 100, 300, 400], [0.5, -0.5, np.nan, -0.1], [0.5, 0.5, np.nan, -0.1]))
    assert found.dwell_s == pytest.approx({"V+A+": 0.1, "V-A+": 0.2, "V-A-": 0.1, "V+A-": 0.0})
    assert (found.frames, found.judged) == (4, 3)
    assert found.duration_s == pytest.approx(0.5)


def test_too_few_frames_give_no_number_rather_than_a_wrong_one() -> None:
    one = stretch_statistics(table([40.0], [0.3], [0.1]))
    assert one.valence.mean == 0.3
    assert math.isnan(one.valence.sd)
    assert math.isnan(one.valence.slope_per_s)
    none = stretch_statistics(table([0.0, 40.0], [np.nan] * 2, [np.nan] * 2))
    assert math.isnan(none.valence.mean)
    assert sum(none.dwell_s.values()) == 0
    assert stretch_statistics(table([], [], [])).frames == 0


def test_the_axes_belong_to_the_positive_side() -> None:
    assert quadrant_of([[0, 0], [-1, 0], [0, -1], [-1, -1]]).tolist() == list(
        map(str, ["V+A+", "V-A+", "V+A-", "V-A-"])
    )
    assert set(quadrant_of(np.zeros((1, 2)))) <= set(QUADRANTS)
    with pytest.raises(ShapeError):
        quadrant_of([1, 2, 3])
