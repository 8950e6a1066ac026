"""What a face looks like, small enough to compare at every frame. Torch-free."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from avce.faces.boxes import Box

PATCH_PX = 24


def patch(grey: NDArray[np.uint8], box: Box) -> NDArray[np.float32] | None:
    """The inside of a box as a small picture with mean 0 and length 1; ``None`` outside the picture."""
    height, width = grey.shape
    x0, y0 = max(round(box[0]), 0), max(round(box[1]), 0)
    x1, y1 = min(round(box[2]), width), min(round(box[3]), height)
    if x1 - x0 < 3 or y1 - y0 < 3:
        return None
    small = cv2.resize(grey[y0:y1, x0:x1], (PATCH_PX, PATCH_PX), interpolation=cv2.INTER_AREA)
    centred = np.asarray(small, np.float32) - float(small.mean())
    return np.asarray(centred / (float(np.linalg.norm(centred)) + 1e-6), np.float32)


def likeness(first: NDArray[np.float32] | None, second: NDArray[np.float32] | None) -> float:
    """Correlation of two patches, -1 to 1; 0 where one is missing."""
    return float((first * second).sum()) if first is not None and second is not None else 0.0


def colours_in(rgb: NDArray[np.uint8], box: Box) -> NDArray[np.float32]:
    """Shares of hue and saturation inside a box, shape (12, 6), smoothed: skin, hair and some background."""
    height, width = rgb.shape[:2]
    x0, y0 = max(round(box[0]), 0), max(round(box[1]), 0)
    inside = rgb[y0 : min(round(box[3]), height), x0 : min(round(box[2]), width)]
    if not inside.size:
        return np.full((12, 6), 1 / 72, np.float32)
    hsv = cv2.cvtColor(cv2.resize(inside, (32, 32), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2HSV)
    counts = cv2.calcHist([hsv], [0, 1], None, [12, 6], [0, 180, 0, 256])
    counts = cv2.GaussianBlur(counts, (3, 3), 0)
    return np.asarray(counts / counts.sum(), np.float32)
