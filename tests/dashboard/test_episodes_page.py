"""Finding moments: a rule gives cards, each with a picture and a way there."""

from __future__ import annotations

from tests.dashboard.pages import checked, open_page, texts
from tests.dashboard.seeding import Seeded
from workers import client


def test_a_rule_gives_cards_with_pictures(seeded: Seeded) -> None:
    app = open_page("episodes", rule="V > 0.2 for 0.2 s")
    found = client.search_episodes("V > 0.2 for 0.2 s")
    assert found
    words = texts(app)
    assert words.count("<img") == len(found)
    assert f"/api/media/frame/{seeded.video_id}/{found[0].frame}?width=320" in words
    assert f"**{len(found)} moments**" in words


def test_a_rule_that_finds_nothing_says_so_and_a_wrong_one_is_explained(seeded: Seeded) -> None:
    app = open_page("episodes", rule="V > 2")
    assert "No face meets the rule" in texts(app)
    checked(app.text_input(key="episodes.rule").set_value("happy").run())
    assert "cannot read 'happy'" in app.error[0].value


def test_an_example_fills_the_rule(seeded: Seeded) -> None:
    app = open_page("episodes")
    checked(app.button_group(key="episodes.example").set_value("intensity > 0.7").run())
    assert app.text_input(key="episodes.rule").value == "intensity > 0.7"


def test_a_moment_opens_the_player_at_its_frame_once(seeded: Seeded) -> None:
    app = open_page("video", analysis=seeded.analysis_id, frame="40", track="1")
    assert app.session_state[f"video.frame.{seeded.analysis_id}"] == 40
    assert "frame" not in app.query_params
