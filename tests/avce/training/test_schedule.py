"""Learning rates over iterations."""

from __future__ import annotations

from typing import get_args

import pytest

from avce.errors import OptionError
from avce.options import TrainOptions
from avce.training.schedule import SCHEDULES, WARM_UP_SHARE, learning_rate_factor

TOTAL = 1000


@pytest.mark.parametrize("name", SCHEDULES)
def test_factors_stay_within_zero_and_one(name):
    factors = [learning_rate_factor(name, step, TOTAL) for step in range(TOTAL)]
    assert min(factors) >= 0
    assert max(factors) == pytest.approx(1.0, abs=1e-3)


def test_one_cycle_peaks_where_the_warm_up_ends_and_ends_near_zero():
    factors = [learning_rate_factor("one_cycle", step, TOTAL) for step in range(TOTAL)]
    assert factors.index(max(factors)) == WARM_UP_SHARE * TOTAL
    assert factors[0] == pytest.approx(1 / 25)
    assert factors[-1] < 1e-4


def test_the_posters_schedule_decays_at_fixed_iterations():
    assert learning_rate_factor("poster_multistep", 4_999, TOTAL) == 1.0
    assert learning_rate_factor("poster_multistep", 5_000, TOTAL) == pytest.approx(0.8)
    assert learning_rate_factor("poster_multistep", 100_000, TOTAL) == pytest.approx(0.8**5)


def test_cafs_schedule_decays_again_and_again():
    assert learning_rate_factor("caf_step", 4_999, TOTAL) == 1.0
    assert learning_rate_factor("caf_step", 5_000, TOTAL) == pytest.approx(0.9)
    assert learning_rate_factor("caf_step", 24_999, TOTAL) == pytest.approx(0.9**4)
    assert learning_rate_factor("caf_step", 100_000, TOTAL) == pytest.approx(0.9**20)


def test_the_schedules_are_those_that_can_be_chosen():
    assert set(get_args(TrainOptions.model_fields["schedule"].annotation)) == set(SCHEDULES)


def test_an_unknown_schedule_is_named_with_what_was_expected():
    with pytest.raises(OptionError, match=r"one_cycle.*got 'linear'"):
        learning_rate_factor("linear", 0, TOTAL)
