"""Small prepared data sets of flat pictures whose brightness tells the label: cheap to learn, license-free."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from avce.data.prepare import prepare
from avce.data.prepared import Prepared
from avce.options import PrepareOptions

SUBJECTS, PER_SUBJECT = 8, 8
FRAMES = {"a": 14, "b": 9, "c": 3, "d": 12, "e": 10}
SPLITS = {"a": "train", "b": "train", "c": "train", "d": "val", "e": "test"}


@pytest.fixture(scope="session")
def toy_data(tmp_path_factory) -> Prepared:
    source: Path = tmp_path_factory.mktemp("toy")
    rng = np.random.default_rng(0)
    lines = ["image,subject,valence,arousal,split"]
    for subject in range(SUBJECTS):
        split = "train" if subject < 5 else "val" if subject < 7 else "test"
        for index in range(PER_SUBJECT):
            valence, arousal = rng.uniform(-1, 1, 2).round(4)
            picture = np.full((64, 64, 3), 128, np.float64)
            picture[:32] += 100 * valence
            picture[32:] += 100 * arousal
            picture += rng.normal(0, 4, picture.shape)
            name = f"s{subject}_{index}.png"
            cv2.imwrite(str(source / name), picture.clip(0, 255).astype(np.uint8))
            lines.append(f"{name},s{subject},{valence},{arousal},{split}")
    (source / "labels.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return prepare(
        source, tmp_path_factory.mktemp("prepared") / "toy", PrepareOptions(detect="never", size=64)
    )


@pytest.fixture(scope="session")
def frames(tmp_path_factory) -> Prepared:
    """Sequences whose label is the brightness one frame earlier: a single frame does not tell it."""
    source, rng = tmp_path_factory.mktemp("frames"), np.random.default_rng(0)
    lines = ["image,video,frame,valence,arousal,split"]
    for name, count in FRAMES.items():
        level = rng.uniform(-1, 1, count + 1).round(3)
        order = (
            rng.permutation(count) if name == "b" else range(count)
        )  # rows need not be in the order of time
        for k in order:
            picture = np.full((48, 48, 3), 128 + 110 * level[k + 1], np.uint8)
            cv2.imwrite(str(source / f"{name}{k}.png"), picture)
            lines.append(f"{name}{k}.png,{name},{k},{level[k]},{-level[k]},{SPLITS[name]}")
    (source / "labels.csv").write_text("\n".join(lines) + "\n")
    return prepare(source, tmp_path_factory.mktemp("out") / "frames", PrepareOptions(detect="never", size=48))
