"""Correcting faces on the video page: every control does what it says, and is taken back."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from avce.video.one_face import one_face
from dashboard.components.track_edits import face_label
from tests.dashboard.pages import checked, open_page
from tests.dashboard.seeding import Seeded, seed
from workers import client
from workers.records import TrackRecord


@pytest.fixture(scope="module")
def seeded(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    return seed(tmp_path_factory.mktemp("clip"))


@pytest.fixture(autouse=True)
def _corrections_end_with_the_test(seeded: Seeded):
    yield
    client.reset_tracks(seeded.analysis_id)


def face(seeded: Seeded) -> TrackRecord:
    return next(record for record in client.tracks(seeded.analysis_id) if record.track == 1)


def test_a_face_says_its_name_number_and_what_was_done_to_it() -> None:
    record = TrackRecord(track=2, name="face 2", first_frame=0, last_frame=9, frames=1200)
    assert face_label(record) == "face 2 — 1,200 frames"
    changed = record.model_copy(update={"name": "Ada", "merged": [4], "is_excluded": True})
    assert face_label(changed) == "Ada (face 2), with 4, left out — 1,200 frames"


def test_a_face_is_named_left_out_and_taken_back(seeded: Seeded) -> None:
    app = open_page("video", analysis=seeded.analysis_id)
    key = f"video.faces.{seeded.analysis_id}.1"
    checked(app.text_input(key=f"{key}.name").set_value("Ada").run())
    assert face(seeded).name == "Ada"
    checked(app.button(key=f"{key}.out").click().run())
    assert face(seeded).is_excluded
    assert app.button(key=f"{key}.out").label == "Take in again"
    checked(app.button(key=f"{key}.reset").click().run())
    assert not face(seeded).is_excluded
    assert face(seeded).name == "face 1"


def test_a_refusal_is_shown(seeded: Seeded) -> None:
    app = open_page("video", analysis=seeded.analysis_id)
    key = f"video.faces.{seeded.analysis_id}.1"
    checked(app.text_input(key=f"{key}.name").set_value("x" * 100).run())
    assert "at most 80" in app.error[0].value


def test_columns_beside_the_values_are_never_those_of_another_face() -> None:
    points = pd.DataFrame(
        {
            "frame": [0, 1], "pts_ms": [0.0, 40.0], "track": pd.array([1, 2], dtype="Int64"), "state": "detected",
            **dict.fromkeys(("valence", "arousal", "confidence", "x0", "y0", "x1", "y1"), 0.5),
            "valence_smoothed": 0.4, "run_id": "r",
        }
    )  # fmt: skip
    table = one_face(points, 1)
    assert table["frame"].tolist() == [0, 1]
    assert table["pts_ms"].tolist() == [0.0, 40.0]
    assert table["valence_smoothed"].isna().tolist() == [False, True]
    assert table["valence"].isna().tolist() == [False, True]


def test_smoothing_is_for_the_curves_only(seeded: Seeded) -> None:
    app = open_page("video", analysis=seeded.analysis_id)
    before = [block.proto.body for block in app.get("html")]
    checked(app.number_input(key=f"video.smooth.{seeded.analysis_id}").set_value(1.0).run())
    assert [block.proto.body for block in app.get("html")] == before


def test_a_neutral_stretch_is_set_shown_and_forgotten(seeded: Seeded) -> None:
    app = open_page("video", analysis=seeded.analysis_id)
    toggle, key = f"video.neutral.{seeded.analysis_id}", f"video.faces.{seeded.analysis_id}.1"
    assert toggle not in [item.key for item in app.toggle]
    app.number_input(key=f"{key}.neutral.last").set_value(5)
    checked(app.run())
    checked(app.button(key=f"{key}.neutral.set").click().run())
    assert face(seeded).neutral == (0, 5)
    checked(app.toggle(key=toggle).set_value(True).run())
    checked(app.number_input(key=f"video.smooth.{seeded.analysis_id}").set_value(0.4).run())
    checked(app.button(key=f"{key}.neutral.clear").click().run())
    assert face(seeded).neutral is None
