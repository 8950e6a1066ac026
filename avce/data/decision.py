"""Are the pictures face crops already? Decided on a small sample, and stated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from avce.data.cutting import read_picture
from avce.data.labels import BOX_COLUMNS, LabelIndex, from_video
from avce.faces.detect import FaceDetector
from avce.options import PrepareOptions

SAMPLE = 48
COVER = 0.6
"""Share of the picture's side that the face's box takes. The detector's box with the default margin takes two
thirds of a crop; in whole scenes it is rarely above a half."""
SMALL_PX = 400
"""Pictures in which no face is found are taken for crops when they are square and no larger than this."""


@dataclass(frozen=True)
class Decision:
    """Whether the detector runs, and what margin the crops have.

    Attributes:
        finds_faces: Run the detector on every picture.
        margin: Context around the box: the option's when we cut, else what was measured on the crops as they
            came, so that videos are later cut alike.
        text: The reason, for the card.
        is_sure: ``False`` when the sample was mixed.
    """

    finds_faces: bool
    margin: float
    text: str
    is_sure: bool = True


@dataclass(frozen=True)
class _Sample:
    n: int
    covers: list[float]
    """Share of the side that each found face takes."""
    n_small: int
    """Square pictures no larger than SMALL_PX."""

    @property
    def text(self) -> str:
        found = f"in {len(self.covers)} of {self.n} sampled pictures the detector finds a face"
        return found + (
            f", its box takes {np.median(self.covers):.0%} of the side (median)" if self.covers else ""
        )

    @property
    def margin(self) -> float | None:
        """The margin with which such crops would have been cut."""
        return float(np.clip((1 / np.median(self.covers) - 1) / 2, 0.0, 2.0)) if self.covers else None

    @property
    def tight(self) -> float:
        """Share of the found faces that fill their picture."""
        return float(np.mean(np.asarray(self.covers) >= COVER)) if self.covers else 0.0


def decide(index: LabelIndex, options: PrepareOptions, detector: FaceDetector) -> Decision:
    """Look at up to :data:`SAMPLE` pictures spread over the data set.

    Raises:
        DataError: A picture of the sample cannot be read.
    """
    if (forced := _forced(index, options)) is not None:
        return Decision(finds_faces=True, margin=options.margin, text=forced)
    seen = _look(index, detector, options.min_score)
    margin = options.margin if seen.margin is None else seen.margin
    if options.detect == "never":
        why, is_sure = "pictures are used whole, as asked (detect = never)", True
    elif index.pictures == "crops":
        why, is_sure = "pictures are used whole, the owners give face crops", True
    elif len(seen.covers) >= seen.n / 2 and seen.tight > 0.5:
        why, is_sure = "pictures are used whole, they are face crops already", seen.tight > 0.8
    elif len(seen.covers) < seen.n / 2 and seen.n_small == seen.n:
        why, is_sure = "pictures are used whole, as they are small and square like face crops", False
    else:
        return Decision(
            finds_faces=True,
            margin=options.margin,
            text=f"faces are found in every picture: {seen.text}",
            is_sure=seen.tight < 0.2,
        )
    return Decision(finds_faces=False, margin=margin, text=f"{why}; {seen.text}", is_sure=is_sure)


def _forced(index: LabelIndex, options: PrepareOptions) -> str | None:
    """Why faces must be found, where no look at the pictures is needed."""
    if from_video(index.table).any():
        return "faces are found in every frame, as the pictures are frames of videos"
    if options.detect == "always":
        return "faces are found in every picture, as asked (detect = always)"
    boxes = index.table[list(BOX_COLUMNS)].to_numpy(np.float64)
    if options.detect == "auto" and np.isfinite(boxes).all():
        return "faces are found in every picture; the owners' boxes say which one is meant, or where to cut if none is found"
    return None


def _look(index: LabelIndex, detector: FaceDetector, min_score: float) -> _Sample:
    rows = np.unique(np.linspace(0, len(index.table) - 1, SAMPLE).round().astype(int))
    covers, n_small = [], 0
    for row in rows:
        picture = read_picture(index, int(row))
        height, width = picture.shape[:2]
        n_small += height == width <= SMALL_PX
        faces = [face for face in detector.detect(picture) if face.score >= min_score]
        if faces:
            x0, y0, x1, y1 = max(faces, key=lambda face: face.score).box_xyxy_px
            covers.append(max(x1 - x0, y1 - y0) / max(height, width))
    return _Sample(len(rows), covers, n_small)
