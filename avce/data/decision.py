"""Are the pictures face crops already? Decided on a small sample, and stated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from avce.data.labels import BOX_COLUMNS, LabelIndex, place
from avce.data.pictures import MAX_PICTURE_BYTES, decode_rgb
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


def decide(index: LabelIndex, options: PrepareOptions, detector: FaceDetector) -> Decision:
    """Look at up to :data:`SAMPLE` pictures spread over the data set.

    Raises:
        DataError: A picture of the sample cannot be read.
    """
    table = index.table
    if (table["video"] != "").any():
        return Decision(
            True, options.margin, "faces are found in every frame, as the pictures are frames of videos"
        )
    if options.detect == "always":
        return Decision(True, options.margin, "faces are found in every picture, as asked (detect = always)")
    if options.detect == "auto" and np.isfinite(table[list(BOX_COLUMNS)].to_numpy(np.float64)).all():
        return Decision(True, options.margin, "crops are cut around the owners' face boxes")
    covers, squares, n = _look(index, detector, options.min_score)
    margin = options.margin
    if len(covers):
        margin = float(np.clip((1 / np.median(covers) - 1) / 2, 0.0, 2.0))
    seen = f"in {len(covers)} of {n} sampled pictures the detector finds a face"
    if len(covers):
        seen += f", its box takes {np.median(covers):.0%} of the side (median)"
    if options.detect == "never":
        return Decision(False, margin, f"pictures are used whole, as asked (detect = never); {seen}")
    tight = np.mean(np.asarray(covers) >= COVER) if covers else 0.0
    if index.pictures == "crops" or (len(covers) >= n / 2 and tight > 0.5):
        return Decision(
            False,
            margin,
            f"pictures are used whole, they are face crops already: {seen}",
            tight > 0.8 or tight == 0,
        )
    if len(covers) < n / 2 and squares == n:
        return Decision(
            False,
            margin,
            f"pictures are used whole, as they are small and square like face crops; but only {seen}",
            False,
        )
    return Decision(True, options.margin, f"faces are found in every picture: {seen}", tight < 0.2)


def _look(index: LabelIndex, detector: FaceDetector, min_score: float) -> tuple[list[float], int, int]:
    """Share of the side that each found face takes, number of small square pictures, number of pictures."""
    rows = np.unique(np.linspace(0, len(index.table) - 1, SAMPLE).round().astype(int))
    covers, squares = [], 0
    for row in rows:
        key = index.table["image"].iloc[row]
        data = index.source.read(key, limit=MAX_PICTURE_BYTES)
        picture = decode_rgb(data, f"{index.source.title}: {place(index.table, row)}")
        height, width = picture.shape[:2]
        squares += height == width <= SMALL_PX
        faces = [face for face in detector.detect(picture) if face.score >= min_score]
        if faces:
            x0, y0, x1, y1 = max(faces, key=lambda face: face.score).box_xyxy_px
            covers.append(max(x1 - x0, y1 - y0) / max(height, width))
    return covers, squares, len(rows)
