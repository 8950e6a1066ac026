"""The folder of stills: layout, labels, splits; whole or not there at all."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from avce.data.synthetic import synthesize
from avce.data.synthetic.stills import split_of
from avce.errors import CancelledError
from avce.options import SynthOptions
from avce.progress import Reporter

OPTIONS = SynthOptions(subjects=4, per_subject=3, size=80, seed=9)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthesize(tmp_path_factory.mktemp("synth") / "faces", OPTIONS, Reporter())


def test_every_row_has_its_picture_and_a_label_on_the_disc(folder: Path) -> None:
    table = pd.read_csv(folder / "labels.csv")

    assert list(table.columns) == ["image", "subject", "valence", "arousal", "split"]
    assert len(table) == 12
    assert np.hypot(table.valence, table.arousal).max() <= 1.0001
    for image, subject in zip(table.image, table.subject, strict=True):
        assert Path(image).parts[:2] == ("images", subject)
        assert cv2.imread(str(folder / image)).shape == (80, 80, 3)
    assert len(list(folder.rglob("*.jpg"))) == len(table)


def test_no_subject_is_in_two_splits_and_all_splits_are_there(folder: Path) -> None:
    table = pd.read_csv(folder / "labels.csv")

    assert len(table.drop_duplicates(["subject", "split"])) == 4
    assert set(table.split) == {"train", "val", "test"}


@pytest.mark.parametrize(
    ("subjects", "expected"),
    [(1, (1, 0, 0)), (2, (1, 1, 0)), (3, (1, 1, 1)), (24, (16, 4, 4)), (100, (70, 15, 15))],
)
def test_splits_are_seventy_fifteen_fifteen(subjects: int, expected: tuple[int, int, int]) -> None:
    splits = [split_of(subject, subjects) for subject in range(subjects)]

    assert tuple(splits.count(name) for name in ("train", "val", "test")) == expected


def test_the_same_seed_writes_the_same_bytes_and_another_does_not(folder: Path, tmp_path: Path) -> None:
    again = synthesize(tmp_path / "again", OPTIONS, Reporter())
    other = synthesize(tmp_path / "other", OPTIONS.model_copy(update={"seed": 10}), Reporter())

    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert all((folder / file).read_bytes() == (again / file).read_bytes() for file in files)
    assert (folder / "labels.csv").read_bytes() != (other / "labels.csv").read_bytes()


def test_more_subjects_keep_the_earlier_pictures(folder: Path, tmp_path: Path) -> None:
    more = synthesize(tmp_path / "more", OPTIONS.model_copy(update={"subjects": 5}), Reporter())

    image = Path("images/S003/002.jpg")
    assert (folder / image).read_bytes() == (more / image).read_bytes()


def test_nothing_is_left_when_the_user_stops_it(tmp_path: Path) -> None:
    class Impatient(Reporter):
        def progress(self, done: int, total: int | None, message: str = "") -> None:
            if done == 2:
                raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        synthesize(tmp_path / "faces", OPTIONS, Impatient())

    assert list(tmp_path.iterdir()) == []
