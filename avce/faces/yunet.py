"""YuNet through OpenCV, from a model file that the user brings. Torch-free.

The file is ``face_detection_yunet_*.onnx`` of OpenCV's model zoo; it is not shipped here. Its boxes differ a little
from the default detector's, so faces are cut a little otherwise than those a checkpoint was trained on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from avce.errors import DataError, ShapeError
from avce.faces.detect import Face, FaceDetector, default_detector

NMS_IOU = 0.3
MOST_FACES = 256


class YuNetDetector:
    """A detector behind the same interface as the default one.

    Args:
        model: The ONNX file.
        long_side_px: Larger pictures are shrunk to this long side; cost grows with the area.
        floor: Faces below this score are dropped; tracks may still be continued by weak faces above it.

    Raises:
        DataError: There is no such file, or OpenCV cannot read it.
    """

    def __init__(self, model: Path | str, *, long_side_px: int = 640, floor: float = 0.2) -> None:
        self.model, self.long_side_px, self.floor = Path(model), long_side_px, floor
        if not self.model.is_file():
            raise DataError(
                f"detector model: expected a YuNet file (face_detection_yunet_*.onnx), found none at {self.model};"
                " give the path of one, or leave it away to use the detector that is built in"
            )
        try:
            self._engine: Any = cv2.FaceDetectorYN.create(
                str(self.model), "", (320, 320), floor, NMS_IOU, MOST_FACES
            )
        except (cv2.error, SystemError) as error:
            raise DataError(
                f"detector model: {self.model.name} cannot be read as a YuNet model ({str(error).strip()});"
                " download it again, and check that it is no link to a large file"
            ) from error

    def detect(self, frame_rgb_u8: NDArray[np.uint8]) -> list[Face]:
        """Faces, best score first.

        Args:
            frame_rgb_u8: Shape ``(h, w, 3)``.

        Returns:
            Boxes in pixels of the given picture.

        Raises:
            ShapeError: Not an RGB picture of bytes.
        """
        if frame_rgb_u8.ndim != 3 or frame_rgb_u8.shape[2] != 3 or frame_rgb_u8.dtype != np.uint8:
            raise ShapeError(
                f"frame_rgb_u8: expected uint8 (h, w, 3), got {frame_rgb_u8.dtype} {frame_rgb_u8.shape}"
            )
        height, width = frame_rgb_u8.shape[:2]
        scale = min(1.0, self.long_side_px / max(height, width))
        # The network halves the picture five times.
        columns, rows = max(round(width * scale), 32), max(round(height * scale), 32)
        picture = cv2.resize(
            cv2.cvtColor(frame_rgb_u8, cv2.COLOR_RGB2BGR), (columns, rows), interpolation=cv2.INTER_AREA
        )
        self._engine.setInputSize((columns, rows))
        _, found = self._engine.detect(picture)
        x_scale, y_scale = width / columns, height / rows
        faces = [
            Face(
                (
                    float(x * x_scale),
                    float(y * y_scale),
                    float((x + w) * x_scale),
                    float((y + h) * y_scale),
                ),
                float(min(max(score, 0.0), 1.0)),
            )
            for x, y, w, h, score in (() if found is None else np.asarray(found)[:, [0, 1, 2, 3, 14]])
            if w > 0 and h > 0 and score >= self.floor
        ]
        return sorted(faces, key=lambda face: -face.score)


def detector_from(model: Path | str | None) -> FaceDetector:
    """YuNet from a model file, or the default detector without one.

    Raises:
        DataError: As :class:`YuNetDetector`.
    """
    return YuNetDetector(model) if model else default_detector()
