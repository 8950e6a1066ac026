"""The charts of one face."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dashboard import charts
from dashboard.charts.inspector import colours
from dashboard.theme import DARK, LIGHT, contrast
from tests.dashboard.seeding import inspected


def by_name(figure):
    return {trace.name: trace for trace in figure.data}


def test_bars_keep_the_three_rows_in_one_order():
    found = inspected()
    bars = by_name(charts.view_bars(found))
    assert list(bars) == ["z", "attentive", "inattentive"]
    assert list(bars["z"].y) == sorted(found["z"], reverse=True)
    order = np.asarray(bars["z"].customdata)
    assert list(bars["attentive"].y) == [found["attentive"]["values"][i] for i in order]
    assert list(by_name(charts.view_bars(found, is_sorted=False))["z"].y) == found["z"]


def test_both_views_share_a_scale_and_name_their_support():
    figure = charts.view_bars(inspected())
    assert figure.layout.yaxis2.range == figure.layout.yaxis3.range
    assert [note.text for note in figure.layout.annotations] == [
        "feature z", "attentive view (sparsemax): 2 of 8 above 0", "inattentive view (softmax): 8 of 8 above 0",
    ]  # fmt: skip


def test_points_lie_where_they_were_found():
    found = inspected()
    points = {name: (trace.x[0], trace.y[0]) for name, trace in by_name(charts.pull_and_push(found, label=[0.5, 0.2])).items() if trace.mode == "markers"}  # fmt: skip
    assert points["x = R(z), prediction"] == tuple(found["x"])
    assert points["y_n = H(Sm z)"] == tuple(found["y_n"])
    assert points["label"] == (0.5, 0.2)


def test_pull_ends_at_the_ray_of_y_a_and_push_at_that_of_x():
    found = inspected()
    arcs = by_name(charts.pull_and_push(found))
    for name, end in (("pull", found["y_a"]), ("push", found["x"])):
        last = arcs[name].x[-1], arcs[name].y[-1]
        assert math.atan2(last[1], last[0]) == pytest.approx(math.atan2(end[1], end[0]))


def test_an_arc_takes_the_short_way_round():
    figure = charts.pull_and_push(inspected() | {"x": [-0.5, 0.05], "y_a": [-0.5, -0.05]})
    words = [note.text for note in figure.layout.annotations if note.text and note.text.startswith("pull")]
    assert words == ["pull 11°"]


@pytest.mark.parametrize("missing", [{"y_a": None, "y_n": None}, {"y_a": [0.0, 0.0], "y_n": [0.0, 0.0]}])
def test_without_judgements_or_their_directions_there_is_neither_pull_nor_push(missing):
    assert {"pull", "push"}.isdisjoint(by_name(charts.pull_and_push(inspected() | missing)))


def test_nothing_found_is_said():
    for figure in (charts.view_bars({}), charts.pull_and_push({})):
        assert any(str(note.text).startswith("no ") for note in figure.layout.annotations)


@pytest.mark.parametrize("dark", [False, True])
def test_colours_can_be_told_from_the_page(dark):
    ground = (DARK if dark else LIGHT).ground
    assert all(contrast(colour, ground) >= 2.8 for colour in colours(dark=dark).values())
