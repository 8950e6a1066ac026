"""Events: found where they are, ended by gaps, searched by rules that read like a sentence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from avce.errors import OptionError
from avce.options import Axis
from avce.video.events import dwells, episodes, parse_rule, peaks, rises
from avce.video.points import TRAJECTORY_COLUMNS


def table(valence, arousal=None, *, track=1, step_ms=40.0, states=None) -> pd.DataFrame:
    n = len(valence)
    arousal = np.zeros(n) if arousal is None else arousal
    states = states or ["detected"] * n
    rows = [
        (i, step_ms * i, None if s == "no_face" else track, s, v, a, 0.9, 0, 0, 9, 9)
        for i, (v, a, s) in enumerate(zip(valence, arousal, states, strict=True))
    ]
    return pd.DataFrame(rows, columns=list(TRAJECTORY_COLUMNS)).astype({"valence": float, "arousal": float})


def test_an_episode_is_found_with_its_true_length():
    valence = np.full(200, 0.1)
    valence[50:110] = -0.5
    (event,) = episodes(table(valence, np.full(200, 0.6)), parse_rule("V < -.3 and A > .5 for >= 2 s"))
    assert (event.first_frame, event.last_frame) == (50, 109)
    assert event.duration_s == pytest.approx(60 * 0.04)
    assert event.value == pytest.approx(60 / 200)
    assert episodes(table(valence, np.full(200, 0.6)), parse_rule("V < -.3 for 2.5 s")) == []


def test_a_gap_ends_an_episode():
    states = ["detected"] * 60 + ["no_face"] * 3 + ["detected"] * 60
    valence = [-0.5 if state == "detected" else np.nan for state in states]
    found = episodes(table(valence, states=states), parse_rule("valence < -0.3 for 1 s"))
    assert [(event.first_frame, event.last_frame) for event in found] == [(0, 59), (63, 122)]
    assert [event.duration_s for event in found] == pytest.approx([2.4, 2.4])


def test_frames_left_out_on_purpose_end_nothing():
    valence = [-0.5 if n % 3 == 0 else np.nan for n in range(90)]
    (event,) = episodes(table(valence), parse_rule("V < -.3"))
    assert event.duration_s == pytest.approx(90 * 0.04)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("V = 3", "cannot read 'V = 3'"),
        ("V < .1 for ever", "got 'ever'"),
        ("", "cannot read"),
        ("V<.1 and", "cannot read"),
    ],
)
def test_rules_that_cannot_be_read_are_named(text, words):
    with pytest.raises(OptionError, match=words):
        parse_rule(text)


def test_a_rule_says_itself_again():
    rule = parse_rule("v>=.25 AND r < 1 for 500 ms")
    assert str(rule) == "valence > 0.25 and intensity < 1 for 0.5 s"
    assert parse_rule(str(rule)) == rule


def test_peaks_stand_out_from_both_sides():
    time = np.arange(300) * 0.04
    valence = 0.5 * np.exp(-((time - 4) ** 2)) - 0.4 * np.exp(-((time - 9) ** 2)) + 0.01 * np.sin(40 * time)
    found = peaks(table(valence), Axis.VALENCE)
    assert [(event.kind, round(event.start_ms / 1000)) for event in found] == [("peak", 4), ("trough", 9)]
    assert peaks(table(np.zeros(100)), Axis.AROUSAL) == []


def test_rises_are_reported_once_by_the_largest():
    valence = np.concatenate(
        [np.zeros(50), np.linspace(0, 0.8, 25), np.full(50, 0.8), np.linspace(0.8, 0.1, 20)]
    )
    rise, fall = rises(table(valence), Axis.VALENCE)
    assert rise.kind == "rise"
    assert rise.value == pytest.approx(0.8)
    assert 40 <= rise.first_frame <= 50
    assert fall.kind == "fall"
    assert fall.value == pytest.approx(-0.7)


def test_dwells_name_the_quadrant_and_pass_over_neutral():
    valence = np.concatenate([np.full(50, 0.5), np.full(50, 0.01), np.full(50, -0.5)])
    arousal = np.concatenate([np.full(50, -0.5), np.full(50, 0.01), np.full(50, 0.5)])
    found = dwells(table(valence, arousal))
    assert [event.label for event in found] == ["pleased and calm", "displeased and excited"]
    assert [(event.first_frame, event.last_frame) for event in found] == [(0, 49), (100, 149)]


def test_tracks_are_looked_at_one_by_one():
    both = pd.concat([table(np.full(60, -0.5), track=1), table(np.full(60, 0.5), track=2)])
    (event,) = episodes(both, parse_rule("V < 0 for 1 s"))
    assert event.track == 1


def test_an_empty_trajectory_has_no_events():
    empty = table([np.nan] * 5, [np.nan] * 5, states=["no_face"] * 5)
    assert episodes(empty, parse_rule("V < 0")) == []
    assert peaks(empty, Axis.VALENCE) == []
    assert rises(empty, Axis.VALENCE) == []
    assert dwells(empty) == []
