"""Curves with bands, and parallel coordinates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dashboard import charts
from dashboard.charts import Series


@pytest.fixture
def points() -> pd.DataFrame:
    """Two runs that climb together, a third that is lower and ends early."""
    epochs = np.arange(1.0, 51)
    values = {"a": epochs / 50, "b": epochs / 50 + 0.2, "c": epochs[:20] / 100}
    return pd.concat(
        pd.DataFrame({"run_id": run, "step": 10 * epochs[: len(y)], "epoch": epochs[: len(y)], "value": y})
        for run, y in values.items()
    )


def test_runs_of_one_group_are_their_mean_and_a_band_of_one_standard_deviation(points: pd.DataFrame) -> None:
    figure = charts.curve_bands(points, [(Series("both", "avce"), ["a", "b"])], title="CCC")
    band, line = figure.data
    assert line.name == "both (n = 2)"
    assert line.y[-1] == pytest.approx(1.1)
    assert max(band.y) == pytest.approx(1.1 + 0.2 / 2**0.5)  # sd of two values 0.2 apart, n - 1
    assert min(band.y) == pytest.approx(0.12 - 0.2 / 2**0.5)


def test_a_run_alone_has_no_band_and_its_best_epoch_is_marked(points: pd.DataFrame) -> None:
    figure = charts.curve_bands(points, [(Series("c", "caf"), ["c"])], title="CCC", best={"c": 15})
    line, mark = figure.data
    assert len(line.x) == 20
    assert (mark.x[0], mark.y[0]) == (15, pytest.approx(0.15))
    assert line.line.color == charts.colour_of("caf")


def test_the_baseline_can_be_read_on_a_dark_page(points: pd.DataFrame) -> None:
    light, dark = (
        charts.curve_bands(points, [(Series("c", "hasani"), ["c"])], title="CCC", dark=is_dark)
        .data[0]
        .line.color
        for is_dark in (False, True)
    )
    assert (light, dark) == ("#22262E", "#E9E5DB")


def test_no_curve_says_so(points: pd.DataFrame) -> None:
    figure = charts.curve_bands(points, [(Series("x"), ["missing"])], title="CCC")
    assert "no such curve" in figure.layout.annotations[0].text


def test_words_and_truth_values_become_steps_and_numbers_stay() -> None:
    table = pd.DataFrame(
        {"method": ["avce", "caf", "avce"], "flip": [True, False, True], "lr": [1e-4, 1e-3, 1e-4], "ccc": [0.5, 0.4, None]},
        index=["r1", "r2", "r3"],
    )  # fmt: skip
    figure = charts.parallel_coordinates(table, ["method", "flip", "lr", "ccc"], colour="ccc")
    method, flip, rate, _ = figure.data[0].dimensions
    assert (list(method.values), list(method.ticktext)) == ([0, 1], ["avce", "caf"])
    assert list(flip.ticktext) == ["False", "True"]
    assert list(rate.values) == [1e-4, 1e-3]  # the run without a figure is left out


def test_an_axis_of_too_many_words_is_left_out_and_nothing_to_draw_is_said() -> None:
    table = pd.DataFrame({"name": [f"r{n}" for n in range(40)], "ccc": np.linspace(0, 1, 40)})
    figure = charts.parallel_coordinates(table, ["name", "ccc"], colour="ccc")
    assert [axis.label for axis in figure.data[0].dimensions] == ["ccc"]
    assert charts.parallel_coordinates(table.iloc[:0], ["ccc"], colour="ccc").layout.annotations
