"""Faces in pictures of a folder: a row for each, words for places, nothing where there is no face."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from avce.circumplex import WORDS, word_for
from avce.errors import DataError
from avce.faces.detect import Face
from avce.options import AnalyzeOptions
from avce.progress import Reporter
from avce.stills import judge_pictures, pictures_in, write_rows


class Detector:
    """Finds what it was told, by the colour of the first pixel."""

    def __init__(self, found: dict[int, list[Face]]) -> None:
        self.found = found

    def detect(self, frame_rgb_u8: np.ndarray) -> list[Face]:
        return self.found.get(int(frame_rgb_u8[0, 0, 0]), [])


class Predictor:
    """Answers each crop with its mean brightness."""

    info = {"crop": {"margin": 0.0, "size": 32}}  # noqa: RUF012

    def predict(self, crops_rgb_u8: np.ndarray, *, flip: bool = False) -> np.ndarray:
        level = crops_rgb_u8.mean(axis=(1, 2, 3)) / 255
        return np.stack([level, -level], 1).astype(np.float32)


class Log(Reporter):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def log(self, line: str) -> None:
        self.lines.append(line)


def picture(path: Path, level: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((60, 80, 3), level, np.uint8))
    return path


SMALL, LARGE, WEAK = Face((0, 0, 30, 30), 0.9), Face((20, 0, 70, 55), 0.95), Face((0, 0, 40, 40), 0.4)
DETECTOR = Detector({100: [SMALL, LARGE], 200: [WEAK]})


def test_every_face_gets_a_row_largest_first_and_a_picture_without_one_says_so(tmp_path: Path) -> None:
    files = [
        picture(tmp_path / name, level) for name, level in (("a.png", 100), ("b.png", 10), ("c.png", 200))
    ]
    rows = list(judge_pictures(files, Predictor(), detector=DETECTOR))
    assert [(row.file.name, row.face, row.state) for row in rows] == [
        ("a.png", 1, "detected"), ("a.png", 2, "detected"), ("b.png", None, "no_face"), ("c.png", 1, "low_quality"),
    ]  # fmt: skip
    assert rows[0].box_xyxy_px == LARGE.box_xyxy_px
    assert rows[0].valence == pytest.approx(100 / 255, abs=1e-6)
    assert rows[0].word == "relaxed"
    assert [row.word for row in rows[2:]] == [None, None]


def test_a_cut_out_face_is_taken_whole_without_looking_for_one(tmp_path: Path) -> None:
    file = picture(tmp_path / "crop.png", 10)
    [row] = judge_pictures([file], Predictor(), detector=DETECTOR, is_face_only=True)
    assert (row.state, row.box_xyxy_px) == ("detected", (0.0, 0.0, 80.0, 60.0))


def test_the_csv_has_a_column_file_in_front_of_those_of_a_trajectory(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    for name, level in (("10.png", 100), ("2.png", 10), ("sub/1.png", 200)):
        picture(folder / name, level)
    files = pictures_in(folder)
    assert [file.relative_to(folder).as_posix() for file in files] == ["2.png", "10.png", "sub/1.png"]
    counts = write_rows(
        judge_pictures(files, Predictor(), detector=DETECTOR), tmp_path / "out.csv", folder, files
    )
    assert counts == {"read": 3, "without_face": 1, "faces": 3, "judged": 2}
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    assert list(rows[0])[:4] == ["file", "frame", "pts_ms", "track"]
    assert [(row["file"], row["track"], row["valence"] != "") for row in rows] == [
        ("2.png", "", False), ("10.png", "1", True), ("10.png", "2", True), ("sub/1.png", "1", False),
    ]  # fmt: skip


def test_a_picture_that_cannot_be_read_is_left_out_and_told(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    log = Log()
    rows = list(
        judge_pictures([broken, picture(tmp_path / "a.png", 100)], Predictor(), None, log, detector=DETECTOR)
    )
    assert {row.file.name for row in rows} == {"a.png"}
    assert "broken.png" in log.lines[0]


def test_nothing_but_unreadable_pictures_is_an_error_that_names_the_first(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.png: expected a picture"):
        list(judge_pictures([tmp_path / "nowhere.png"], Predictor(), detector=DETECTOR))


def test_a_folder_without_pictures_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"{tmp_path.name}: expected pictures"):
        pictures_in(tmp_path)


def test_the_least_score_and_size_count(tmp_path: Path) -> None:
    file = picture(tmp_path / "a.png", 100)
    strict = AnalyzeOptions(min_face_px=40, max_faces=5)
    states = [row.state for row in judge_pictures([file], Predictor(), strict, detector=DETECTOR)]
    assert states == ["detected", "low_quality"]


def test_words_go_round_the_plane_and_the_middle_is_neutral() -> None:
    angles = np.arange(8) * np.pi / 4
    assert tuple(word_for(float(np.cos(a)), float(np.sin(a))) for a in angles) == WORDS
    assert word_for(0.1, -0.1) == "neutral"
    assert word_for(-1.0, -0.01) == word_for(-1.0, 0.01) == "displeased"
