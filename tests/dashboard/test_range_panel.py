"""What is made of a chosen range."""

from __future__ import annotations

import pandas as pd
import pytest

from dashboard.components.range_panel import clip_times


def test_a_clip_holds_the_frames_of_its_range_and_no_neighbour() -> None:
    times = [0.0, 53.0, 93.0, 120.0, 173.0]
    start_s, stop_s = clip_times(pd.DataFrame({"pts_ms": times[1:4]}))
    inside = [ms for ms in times if start_s * 1000 <= ms < stop_s * 1000]
    assert inside == times[1:4]


def test_a_clip_of_one_frame_or_from_the_start_has_times_in_order() -> None:
    assert clip_times(pd.DataFrame({"pts_ms": [0.0]})) == pytest.approx((0.0, 0.0005))
    assert clip_times(pd.DataFrame({"pts_ms": [0.0, 40.0]})) == pytest.approx((0.0, 0.0405))
