"""The compare page: duel, seeds, downloads, address."""

from __future__ import annotations

import json

import pytest
import streamlit as st

from tests.dashboard.pages import checked, open_page, texts
from tests.dashboard.seeding import Seeded, seed_again
from workers import client


@pytest.fixture(scope="module")
def more(seeded: Seeded) -> list[str]:
    return seed_again(seeded)


def test_the_address_chooses_who_meets(seeded: Seeded, more: list[str]) -> None:
    app = open_page("compare", first=seeded.evaluation_ids[0], second=more[1])
    assert app.selectbox(key="duel.first").value == seeded.evaluation_ids[0]
    assert app.selectbox(key="duel.second").value == more[1]
    assert more[1] in app.query_params["second"]


def test_a_duel_shows_differences_with_interval_p_and_holm(seeded: Seeded, more: list[str]) -> None:
    words = texts(open_page("compare", first=seeded.evaluation_ids[0], second=seeded.evaluation_ids[1]))
    assert "ΔCCC, valence" in words
    assert "ΔRMSE, arousal" in words
    assert "p, Holm" in words
    assert "Wins per subject" in words
    assert "60 faces of 2 subjects" in words


def test_nobody_meets_itself(seeded: Seeded, more: list[str]) -> None:
    app = open_page("compare", first=more[0], second=more[0])
    assert app.selectbox(key="duel.second").value != more[0]
    checked(app.selectbox(key="duel.first").set_value(app.selectbox(key="duel.second").value).run())
    assert app.selectbox(key="duel.first").value != app.selectbox(key="duel.second").value


def test_runs_of_several_seeds_stand_together_as_mean_and_spread(seeded: Seeded, more: list[str]) -> None:
    chosen = ",".join([*seeded.evaluation_ids, *more])
    words = texts(open_page("compare", evaluations=chosen))
    assert "seeds 0, 1, 2" in words
    assert "n = 3" in words
    assert "± 0.020" in words  # CCC .60, .62, .64


@pytest.mark.parametrize(
    ("look", "word"),
    [
        ("duel", "ΔCCC, valence"),
        ("curves", "highest mean of both CCCs on validation"),
        ("options", "learning_rate"),
        ("scatter", "On the diagonal"),
        ("runs", "Drag along an axis"),
    ],
)
def test_the_address_opens_each_closer_look(seeded: Seeded, more: list[str], look: str, word: str) -> None:
    app = open_page("compare", look=look, evaluations=",".join([*seeded.evaluation_ids, *more]))
    shown = texts(app)
    assert not app.error
    assert (word in shown) == (look != "options")
    assert app.query_params["look"] == look
    if look == "options":
        assert '<td class="">seed</td>' in shown


def test_seeds_are_one_line_with_a_band_or_each_its_own(seeded: Seeded, more: list[str]) -> None:
    app = open_page("compare", look="curves", evaluations=",".join([*seeded.evaluation_ids, *more]))

    def legend() -> list[str]:
        traces = json.loads(app.get("plotly_chart")[-2].proto.spec)["data"]
        return [trace["name"] for trace in traces if trace.get("showlegend", True)]

    assert legend() == ["Seeded supervised", "Seeded avce (n = 3)"]
    checked(app.toggle(key="compare.together").set_value(False).run())
    assert len(legend()) == 4


def test_all_runs_show_only_one_data_set_and_options_that_differ(seeded: Seeded, more: list[str]) -> None:
    app = open_page("compare", look="runs")
    assert app.multiselect(key=f"compare.all.options.{seeded.dataset_id}").options == ["method", "seed"]
    assert "4 finished runs" in texts(app)


def test_charts_are_saved_in_the_chosen_format(seeded: Seeded) -> None:
    app = open_page("compare", look="scatter")

    def formats() -> set[str]:
        charts = app.get("plotly_chart")
        return {json.loads(chart.proto.config)["toImageButtonOptions"]["format"] for chart in charts}

    assert formats() == {"svg"}
    checked(app.button_group(key="pictures.format").set_value("png").run())
    assert formats() == {"png"}


def test_missing_predictions_are_said_in_words(
    seeded: Seeded, more: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: str) -> None:
        raise client.ClientError("the file store does not answer")

    st.cache_data.clear()  # a duel is computed once
    monkeypatch.setattr(client, "evaluation_predictions", away)
    app = open_page("compare", first=more[1], second=more[0])
    assert any("the file store does not answer" in error.value for error in app.error)
