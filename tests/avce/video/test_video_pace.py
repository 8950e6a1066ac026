"""Which frames are judged when fewer than all shall be."""

from __future__ import annotations

import numpy as np
import pytest

from avce.errors import OptionError
from avce.options import AnalyzeOptions
from avce.video.pace import Pace


def chosen(times_ms, **kwargs):
    pace = Pace(**kwargs)
    return [index for index, ms in enumerate(times_ms) if pace.is_chosen(index, ms)]


def test_every_frame_is_chosen_unless_asked_otherwise():
    assert chosen([0, 40, 80]) == [0, 1, 2]
    assert chosen(np.arange(0, 400, 40), every_nth_frame=4) == [0, 4, 8]


@pytest.mark.parametrize("rate", [24.0, 25.0, 29.97, 59.94])
def test_the_mean_rate_is_the_target_at_any_frame_rate(rate):
    times = np.round(np.arange(0, 60_000, 1000 / rate), 3)
    for target in (1.0, 7.5, 10.0):
        assert abs(len(chosen(times, target_fps=target)) - 60 * target) <= 1


def test_a_target_above_the_videos_rate_takes_every_frame():
    assert chosen(np.arange(0, 1000, 40), target_fps=100.0) == list(range(25))


def test_gaps_in_time_are_not_made_up_for():
    times = [0, 100, 200, 5000, 5100, 5200]
    assert chosen(times, target_fps=10.0) == [0, 1, 2, 3, 4, 5]


def test_where_the_reading_starts_changes_at_most_the_first_choice():
    times = np.round(np.arange(0, 4000, 1000 / 29.97), 3)
    whole = set(chosen(times, target_fps=8.0))
    pace = Pace(target_fps=8.0)
    late = [i for i in range(41, len(times)) if pace.is_chosen(i, times[i])]
    assert set(late[1:]) == {i for i in whole if i > late[0]}


def test_two_ways_of_thinning_at_once_are_refused():
    with pytest.raises(OptionError, match="target_fps"):
        AnalyzeOptions.parse({"target_fps": 5, "every_nth_frame": 2})
