"""Pictures of what was found, and the way from a finding back to its rows."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from data_builders import affwild, generic, labels_csv, pack

from avce.data.evidence import APART, EVIDENCE_FILE, MOST, Evidence, read_evidence, write_evidence
from avce.data.labels import make_table
from avce.data.places import names_to_leave_out, rows_of_place
from avce.data.prepare import prepare
from avce.data.prepared import Prepared
from avce.errors import DataError
from avce.options import PrepareOptions

SCENE = np.full((300, 400, 3), 90, np.uint8)


def decoded(jpeg):
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB)


def table():
    return make_table(
        12,
        image=["a.jpg", "b.jpg", "c.jpg", *[""] * 9],
        video=["", "", "", *["clip.mp4"] * 9],
        frame=[-1, -1, -1, *range(9)],
        subject=["s1", "s1", "s2: x", *[""] * 9],
        split=["train", "val", "val", *["train"] * 9],
        category=["", "", "anger", *[""] * 9],
        label_file="labels.csv",
        label_row=np.arange(2, 14),
        valence=0.0,
        arousal=0.0,
    )


@pytest.mark.parametrize(
    ("place", "rows"),
    [
        ("b.jpg", [1]),
        ("a.jpg ~ c.jpg", [0, 2]),
        ("a.jpg = b.jpg (and 3 more)", [0, 1]),
        ("clip.mp4 frame 2", [5]),
        ("clip.mp4 frames 2-8", [5, 8, 11]),
        ("labels.csv, row 4", [2]),
        ("clip.mp4: 118 valence lines, 120 arousal lines", [3, 7, 11]),
        ("s1: train, val", [0, 1]),
        ("s2: x: val", [2]),
        ("anger: valence -0.5, arousal 0.65", [2]),
        ("nothing of the kind", []),
        ("nothing: of the kind", []),
    ],
)
def test_places_lead_to_rows(place, rows):
    assert rows_of_place(table(), place) == rows


def test_rows_with_something_to_show_are_preferred():
    has_picture = np.zeros(12, bool)
    has_picture[[6, 7]] = True
    assert rows_of_place(table(), "clip.mp4 frames 2-8", [has_picture]) == [6, 7]
    assert rows_of_place(table(), "b.jpg", [has_picture]) == [1]


@pytest.mark.parametrize(
    ("place", "names"),
    [
        ("a.jpg ~ c.jpg", ["c.jpg"]),
        ("a.jpg = b.jpg = c.jpg (and 2 more)", ["b.jpg", "c.jpg"]),
        ("clip.mp4 frames 2-8", ["clip.mp4 frames 2-8"]),
        ("s1: train, val", []),
        ("gone.jpg", []),
    ],
)
def test_of_copies_the_first_stays_and_what_is_no_row_is_not_left_out(place, names):
    assert names_to_leave_out(table(), place) == names


def test_neighbours_in_one_stretch_are_shown_once_and_the_limit_holds():
    evidence = Evidence(limit=3)
    kinds = ["no face"] * 10 + [""] + ["no face"] * 3 + ["several"] * 30
    kept = [row for row, kind in enumerate(kinds) if evidence.of(row, kind, SCENE, None, [])]
    assert kept == [0, APART, 11]


def test_the_picture_is_small_and_frames_the_chosen_face():
    evidence = Evidence(limit=1)
    box, other = (100.0, 100.0, 200.0, 200.0), (250.0, 50.0, 300.0, 100.0)
    picture = decoded(evidence.of(0, "several", SCENE, box, [box, other]))
    assert picture.shape == (180, 240, 3)
    yellow, blue = picture[60, 90].astype(int), picture[30, 165].astype(int)
    assert yellow[0] - yellow[2] > 80
    assert blue[2] - blue[0] > 80


def test_a_prepared_set_shows_frames_without_a_face_and_with_two(tmp_path, level_faces):
    levels = (128, 10, 10, 10, 128, 250, 128, 128)
    data = prepare(
        pack(tmp_path / "set.zip", affwild(tmp_path, levels=levels)),
        tmp_path / "out",
        PrepareOptions(size=32),
    )
    shown = Prepared.load(tmp_path / "out").evidence
    assert sorted(data.samples["frame"].iloc[list(shown)]) == [1, 1, 1, 5, 5, 5]
    assert all(decoded(jpeg).shape == (96, 96, 3) for jpeg in shown.values())
    first = next(row for row in shown if data.samples["frame"].iloc[row] == 1)
    assert abs(int(decoded(shown[first])[5, 5, 0]) - 10) < 12


def test_the_fingerprint_does_not_know_of_evidence_and_older_sets_have_none(tmp_path):
    data = prepare(pack(tmp_path / "set.zip", generic(8)), tmp_path / "out", PrepareOptions(detect="never"))
    (tmp_path / "out" / EVIDENCE_FILE).unlink()
    again = Prepared.load(tmp_path / "out")
    assert (again.evidence, again.fingerprint) == ({}, data.fingerprint)
    (tmp_path / "out" / EVIDENCE_FILE).write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(DataError, match=r"evidence\.parquet"):
        _ = Prepared.load(tmp_path / "out").evidence


def test_of_too_many_pictures_an_even_part_is_kept(tmp_path):
    import pandas as pd

    write_evidence(pd.DataFrame({"row": range(5000), "picture": [b"x"] * 5000}), tmp_path)
    rows = list(read_evidence(tmp_path))
    assert (len(rows), rows[0], rows[-1]) == (MOST, 0, 4999)


def test_new_splits_take_the_place_of_the_owners_when_asked(tmp_path):
    lines = labels_csv(30, subjects=6, extra="train").splitlines()
    lines[7:] = [line.replace(",train", ",val") for line in lines[7:]]  # every subject in both
    place = pack(tmp_path / "set.zip", generic(30) | {"labels.csv": "\n".join(lines)})
    kept, ours = (
        prepare(place, tmp_path / splits, PrepareOptions(detect="never", splits=splits))
        for splits in ("owners", "ours")
    )
    assert kept.samples.groupby("subject")["split"].nunique().max() == 2
    assert ours.samples.groupby("subject")["split"].nunique().max() == 1
    assert any("in more than one split" in finding["title"] for finding in kept.card["findings"])
    assert not any("in more than one split" in finding["title"] for finding in ours.card["findings"])
    assert ours.card["splits"] == "ours"
