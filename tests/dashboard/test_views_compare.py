"""The compare page: duel, seeds, downloads, address."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dashboard.pages import checked, open_page, texts
from tests.dashboard.seeding import Seeded, seed, seed_again
from workers import client


@pytest.fixture(scope="module")
def seeded(home: Path) -> Seeded:
    return seed(home)


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


def test_missing_predictions_are_said_in_words(
    seeded: Seeded, more: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: str) -> None:
        raise client.ClientError("the file store does not answer")

    monkeypatch.setattr(client, "evaluation_predictions", away)
    app = open_page("compare", first=more[1], second=more[0])
    assert any("the file store does not answer" in error.value for error in app.error)
