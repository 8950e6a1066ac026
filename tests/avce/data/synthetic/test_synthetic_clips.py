"""Clips in the layout of Aff-Wild: one label per frame, true boxes, and a gap where the face is away."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest

from avce.data.synthetic import synthesize
from avce.data.synthetic.clips import META_COLUMNS, draw_clip
from avce.faces.detect import default_detector
from avce.options import SynthOptions
from avce.progress import Reporter

OPTIONS = SynthOptions(kind="affwild", clips=3, seconds=2, fps=8, width=160, height=120, seed=4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthesize(tmp_path_factory.mktemp("synth") / "clips", OPTIONS, Reporter())


def decode(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_every_frame_has_one_line_of_each_label_within_range(folder: Path) -> None:
    assert sorted(path.name for path in (folder / "videos/train").iterdir()) == [
        "001.mp4",
        "002.mp4",
        "003.mp4",
    ]
    for name in ("001", "002", "003"):
        frames = decode(folder / f"videos/train/{name}.mp4")
        assert len(frames) == 16
        assert frames[0].shape == (120, 160, 3)
        for axis in ("valence", "arousal"):
            lines = (folder / f"annotations/train/{axis}/{name}.txt").read_text().splitlines()
            assert len(lines) == len(frames)
            assert all(-1 <= float(line) <= 1 for line in lines)


def test_the_truth_repeats_the_labels(folder: Path) -> None:
    truth = pd.read_csv(folder / "meta/002.csv")
    valence = np.loadtxt(folder / "annotations/train/valence/002.txt")

    assert tuple(truth.columns) == META_COLUMNS
    assert list(truth.frame) == list(range(16))
    assert np.array_equal(truth.valence, valence)


def test_the_face_is_where_the_truth_says(folder: Path) -> None:
    truth = pd.read_csv(folder / "meta/001.csv")
    frames = decode(folder / "videos/train/001.mp4")
    detector = default_detector()

    assert set(truth.state) == {"face"}
    for row, frame in zip(truth.itertuples(), frames, strict=True):
        face = detector.detect(frame)[0]
        middle = np.array(face.box_xyxy_px).reshape(2, 2).mean(0)
        true_middle = ((row.x0 + row.x1) / 2, (row.y0 + row.y1) / 2)
        assert np.abs(middle - true_middle).max() < 0.15 * (row.y1 - row.y0)


def test_every_third_clip_has_a_stretch_without_a_face(folder: Path) -> None:
    states = [list(pd.read_csv(folder / f"meta/{name}.csv").state) for name in ("001", "002", "003")]

    assert "no_face" not in states[0] + states[1]
    away = [i for i, state in enumerate(states[2]) if state == "no_face"]
    assert len(away) >= 2
    assert away == list(range(away[0], away[-1] + 1))
    assert states[2][0] == states[2][-1] == "face"
    frames = decode(folder / "videos/train/003.mp4")
    assert not [face for face in default_detector().detect(frames[away[1]]) if face.score >= 0.6]


def test_gaps_can_be_left_out() -> None:
    assert draw_clip(OPTIONS, 2).motion.out.any()
    assert not draw_clip(OPTIONS.model_copy(update={"gaps": False}), 2).motion.out.any()


def test_the_same_seed_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = synthesize(tmp_path / "again", OPTIONS, Reporter())

    for path in folder.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (again / path.relative_to(folder)).read_bytes(), path.name


def test_odd_sizes_are_rounded_down_for_the_codec() -> None:
    clip = draw_clip(OPTIONS.model_copy(update={"width": 161, "height": 121}), 0)

    assert (clip.camera.width, clip.camera.height) == (160, 120)
