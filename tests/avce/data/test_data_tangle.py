"""Labels that go together with the kind of picture: said where they do, silent where they do not."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest
from data_builders import pack
from hypothesis import given, settings
from hypothesis import strategies as st

from avce.data.doctor import examine
from avce.data.labels import make_table
from avce.data.pictures import chroma
from avce.data.prepare import prepare
from avce.data.tangle import COLOURED, ENOUGH, tangle_findings
from avce.options import PrepareOptions

WHOLE = PrepareOptions(detect="never", size=48)


def picture(seed, *, is_grey, side=48):
    rng = np.random.default_rng(seed)
    small = rng.integers(30, 255, (6, 6, 3)).astype(np.uint8)
    image = cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC)
    if is_grey:
        image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return cv2.imencode(".jpg", image)[1].tobytes()


def two_sources(n=30):
    """All of disgust from one source in colour, the rest grey."""
    names = ("disgust", "happy", "sad")
    return {
        f"{split}/{name}/{k}.jpg": picture(100 * at + k, is_grey=name != "disgust")
        for at, name in enumerate(names)
        for k in range(n)
        for split in (["train", "val"][k % 3 == 0],)
    }


def tangled(findings):
    return [item for item in findings if "tangled" in item.title]


def test_a_category_from_a_source_of_its_own_is_named_before_and_after_preparing(tmp_path):
    place = pack(tmp_path / "set.zip", two_sources())
    wanted = "label and source are tangled: disgust: 100% of the pictures are in colour, 0% of the others"
    (seen,) = tangled(examine(place, WHOLE).findings)
    assert (seen.severity, seen.title) == ("warning", wanted)
    assert seen.where[0] == wanted.removeprefix("label and source are tangled: ")
    prepared = prepare(place, tmp_path / "out", WHOLE)
    assert [item["title"] for item in prepared.card["findings"] if "tangled" in item["title"]] == [wanted]


def test_grey_is_told_from_colour():
    for seed in range(20):
        grey, coloured = (
            cv2.imdecode(np.frombuffer(picture(seed, is_grey=is_grey), np.uint8), cv2.IMREAD_COLOR_RGB)
            for is_grey in (True, False)
        )
        assert chroma(grey) < COLOURED / 2
        assert chroma(coloured) > 2 * COLOURED


def stills(valence, arousal, chroma=0.1, side=48, **more):
    n = len(valence)
    table = make_table(n, valence=np.asarray(valence), arousal=np.asarray(arousal), **more)
    return table.assign(face=True, chroma=chroma, width=side, height=side)


def test_quadrants_stand_in_for_categories_and_sizes_tell_as_well():
    valence, arousal = np.repeat([0.5, -0.5, -0.5, 0.5], 50), np.repeat([0.5, 0.5, -0.5, -0.5], 50)
    table = stills(valence, arousal, side=np.repeat([96, 48, 48, 48], 50))
    corner = "valence ≥ 0, arousal ≥ 0:"
    (seen,) = tangled(tangle_findings(table))
    assert seen.where[:2] == [
        f"{corner} 0% of the pictures are of 48 x 48 pixels, 100% of the others",
        f"{corner} 100% of the pictures are of 96 x 96 pixels, 0% of the others",
    ]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"video": "a.mp4"}, id="frames of a video"),
        pytest.param({"face": False}, id="without faces"),
        pytest.param({"chroma": np.nan}, id="not measured"),
    ],
)
def test_what_says_nothing_about_sources_is_left_aside(change):
    valence = np.repeat([0.5, -0.5], 100)
    table = stills(valence, np.full(200, 0.5), chroma=np.repeat([0.1, 0.0], 100))
    assert tangled(tangle_findings(table))
    assert not list(tangle_findings(table.assign(**change)))
    assert not list(tangle_findings(table.drop(columns="chroma")))


def test_a_few_pictures_prove_nothing():
    valence = np.r_[np.full(ENOUGH - 1, 0.5), np.full(200, -0.5)]
    table = stills(valence, np.full(len(valence), 0.5), chroma=np.where(valence > 0, 0.1, 0.0))
    assert not list(tangle_findings(table))


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0.0, 1.0))
def test_kinds_dealt_out_without_regard_to_labels_are_no_tangle(seed, share):
    rng = np.random.default_rng(seed)
    valence, arousal = rng.uniform(-1, 1, (2, 4000))
    table = stills(valence, arousal, chroma=np.where(rng.random(4000) < share, 0.1, 0.0))
    assert not list(tangle_findings(table))


def test_the_grey_photographs_with_a_coloured_source_among_them(shared_data):
    report = examine(shared_data / "faces-weak.zip", PrepareOptions())
    (seen,) = tangled(report.findings)
    assert re.search(r"disgust: 9\d% of the pictures are in colour, \d% of the others", seen.title)
    assert any(text.startswith("sadness: ") for text in seen.where)
