"""A small prepared data set of flat pictures whose brightness tells the label: cheap to learn, license-free."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from avce.data.prepare import prepare
from avce.data.prepared import Prepared
from avce.options import PrepareOptions

SUBJECTS, PER_SUBJECT = 8, 8


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
