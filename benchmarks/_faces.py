"""Test sets of single faces: read from an archive with ``labels.csv``, found by the detector, cut by a recipe."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avce.data.layouts.categories import WEAK_LABELS
from avce.data.pictures import decode_rgb
from avce.faces.boxes import Box, area
from avce.faces.crop import crop_face
from avce.faces.detect import default_detector
from avce.training.checkpoint import Predictor
from avce.video.judging import crop_recipe

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Faces:
    """One test set, found and cut.

    Attributes:
        rows: Its rows of ``labels.csv``.
        pictures: As they lie in the archive.
        boxes: Where the face is; the whole picture where none was found.
        found: Whether the detector found one.
        target: Shape ``(n, 2)``.
    """

    rows: list[dict[str, str]]
    pictures: list[Picture]
    boxes: list[Box]
    found: NDArray[np.bool_]
    target: NDArray[np.float64]

    def crops(self, predictor: Predictor, move: Callable[[Box], Box] = lambda box: box) -> Picture:
        """Faces as the predictor wants them, with their boxes moved."""
        recipe = crop_recipe(predictor)
        return np.stack(
            [
                crop_face(picture, move(box), margin=recipe.margin, size=recipe.size)
                for picture, box in zip(self.pictures, self.boxes, strict=True)
            ]
        )

    def joined(self, other: Faces) -> Faces:
        """Both sets, one after the other."""
        return Faces(
            self.rows + other.rows,
            self.pictures + other.pictures,
            self.boxes + other.boxes,
            np.concatenate([self.found, other.found]),
            np.concatenate([self.target, other.target]),
        )

    def some(self, keep: Sequence[int]) -> Faces:
        """Part of the set."""
        rows, pictures, boxes = ([part[i] for i in keep] for part in (self.rows, self.pictures, self.boxes))
        at = np.asarray(keep, np.int64)
        return Faces(rows, pictures, boxes, self.found[at], self.target[at])  # type: ignore[arg-type]


def read_faces(archive: Path, split: str, most: int | None = None) -> Faces:
    """Read one split of an archive and find its faces; ``most`` takes about so many, evenly spread."""
    detector = default_detector()
    pictures: list[Picture] = []
    boxes: list[Box] = []
    found: list[bool] = []
    with zipfile.ZipFile(archive) as files:
        table = csv.DictReader(io.TextIOWrapper(files.open("labels.csv"), "utf-8"))
        rows = [row for row in table if row["split"] == split]
        rows = rows[:: max(1, len(rows) // most)] if most else rows
        for row in rows:
            picture = decode_rgb(files.read(row["image"]), row["image"])
            height, width = picture.shape[:2]
            whole = (0.0, 0.0, float(width), float(height))
            # what is below half a picture's width is a stray find: these pictures are faces
            seen = [face.box_xyxy_px for face in detector.detect(picture) if face.score >= 0.6]
            largest = max(seen, key=area, default=whole)
            found.append(largest is not whole and area(largest) > area(whole) / 4)
            boxes.append(largest if found[-1] else whole)
            pictures.append(picture)
    target = [
        (float(row["valence"]), float(row["arousal"])) if "valence" in row else WEAK_LABELS[row["emotion"]]
        for row in rows
    ]
    return Faces(rows, pictures, boxes, np.array(found), np.array(target, np.float64))
