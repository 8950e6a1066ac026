"""Leaving out: only what was named, and every name must fit."""

from __future__ import annotations

import pytest
from data_builders import affwild, generic, labels_csv, pack, picture

from avce.data.doctor import examine
from avce.data.index import open_index
from avce.data.prepare import prepare
from avce.data.prepared import Prepared
from avce.errors import DataError
from avce.options import PrepareOptions


def opened(place, *names):
    index = open_index(place, PrepareOptions(exclude=names))
    index.source.close()
    return index


def test_named_pictures_are_left_out_and_it_is_said(tmp_path):
    place = pack(tmp_path / "set.zip", generic(10))
    index = opened(place, "images/003.jpg", "labels.csv, row 8", "labels.csv, row 9 (images/007.jpg)")
    left = [f"images/{k:03}.jpg" for k in range(10) if k not in {3, 6, 7}]
    assert index.table["image"].tolist() == left
    assert "3 rows were left out as asked" in [note.title for note in index.notes]


def test_what_the_doctor_names_can_be_left_out(tmp_path):
    files = generic(12) | {"images/001.jpg": picture(1, 20), "images/005.jpg": picture(5, 20)}
    place = pack(tmp_path / "set.zip", files)
    small = next(
        item for item in examine(place, PrepareOptions(detect="never")).findings if "smaller" in item.title
    )
    report = examine(place, PrepareOptions(detect="never", exclude=tuple(small.where)))
    assert report.n_samples == 10
    assert not any("smaller" in item.title for item in report.findings)


def test_lines_with_labels_that_cannot_be_read_can_be_left_out(tmp_path):
    lines = labels_csv(6).splitlines()
    lines[2] = "images/gone.jpg,s1,high,nan"
    place = pack(tmp_path / "set.zip", generic(6) | {"labels.csv": "\n".join(lines)})
    with pytest.raises(DataError, match="row 3"):
        opened(place)
    assert len(opened(place, "labels.csv, row 3").table) == 5


def test_stretches_of_frames_and_whole_videos_are_left_out(tmp_path, level_faces):
    place = pack(tmp_path / "set.zip", affwild(tmp_path))
    all_rows = opened(place).table
    table = opened(
        place, "videos/train/001.mp4 frames 2-4", "videos/train/003.mp4", "videos/train/002.mp4 frame 0"
    ).table
    assert table["frame"][table["video"] == "videos/train/001.mp4"].tolist() == [0, 1, 5, 6, 7]
    assert "videos/train/003.mp4" not in set(table["video"])
    assert len(table) == len(all_rows) - 3 - 8 - 1


@pytest.mark.parametrize(
    "name",
    ["images/404.jpg", "labels.csv, row 99", "other.csv, row 3", "x.mp4 frames 1-2", "../labels.csv", ""],
)
def test_a_name_that_fits_nothing_is_an_error(tmp_path, name):
    with pytest.raises(DataError, match="exclude"):
        opened(pack(tmp_path / "set.zip", generic(5)), name)


def test_what_was_left_out_is_stored_and_the_original_stays(tmp_path):
    place = pack(tmp_path / "set.zip", generic(8, subjects=8))
    before = place.read_bytes()
    options = PrepareOptions(detect="never", exclude=("images/002.jpg",))
    whole = prepare(place, tmp_path / "whole", PrepareOptions(detect="never"))
    prepare(place, tmp_path / "out", options)
    found = Prepared.load(tmp_path / "out")
    assert "images/002.jpg" not in set(found.samples["image"])
    assert found.card["excluded"] == ["images/002.jpg"]
    assert found.card["options"]["exclude"] == ["images/002.jpg"]
    assert found.fingerprint != whole.fingerprint
    assert place.read_bytes() == before


def test_folds_are_stored_with_the_data_set(tmp_path):
    place = pack(tmp_path / "set.zip", generic(12, subjects=6))
    found = prepare(place, tmp_path / "out", PrepareOptions(detect="never", folds=3, fold=1))
    assert set(found.samples["fold"]) == {0, 1, 2}
    assert set(found.samples["fold"][found.samples["split"] == "test"]) == {1}
    assert any("fold 1 of 3 is test" in item["title"] for item in found.card["findings"])
    assert found.card["splits"] == "ours"
