"""Every page on a fresh installation: it opens and says what to do first."""

from __future__ import annotations

import pytest

from dashboard.navigation import PAGES
from tests.dashboard.pages import open_page, texts

pytestmark = pytest.mark.usefixtures("home")

FIRST_STEPS = {
    "overview": "Nothing here yet",
    "demo": "known valence and arousal",
    "datasets": "Upload one below",
    "train": "no data set to train on",
    "runs": "No run yet",
    "compare": "No run has been measured yet",
    "video": "nothing is sent anywhere",
    "episodes": "Moments are found in analysed videos",
    "maps": "there is none yet",
    "inspector": "The largest face in it is taken",
    "jobs": "No jobs here",
}


@pytest.mark.parametrize("name", [entry.name for entry in PAGES])
def test_an_empty_page_says_what_to_do(name: str) -> None:
    assert FIRST_STEPS[name] in texts(open_page(name))


def test_the_first_start_offers_the_demo_in_one_click() -> None:
    assert [button.label for button in open_page("overview").button] == ["Start the demo"]


def test_valence_and_arousal_are_explained_where_they_first_appear() -> None:
    words = texts(open_page("overview"))
    assert "how pleasant a facial expression looks" in words
    assert "do not say what a person feels" in words


def test_the_poster_rows_wait_on_the_compare_page() -> None:
    words = texts(open_page("compare"))
    assert all(
        name in words for name in ("Hasani et al.", "CAF (AlexNet)", "AVCE (AlexNet)", "0.154", "ECCV 2022")
    )
