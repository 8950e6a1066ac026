"""Follow a box from one grey picture to the next by its texture (Lucas-Kanade optical flow). Torch-free."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from avce.faces.boxes import Box

Grey = NDArray[np.uint8]
Points = NDArray[np.float32]

WINDOW = (13, 13)


def corners_in(grey: Grey, box: Box) -> Points:
    """Points worth following inside the ellipse of a box.

    Args:
        grey: Shape ``(h, w)``.
        box: In pixels of ``grey``.

    Returns:
        Shape ``(n, 2)``, n from 0 to 40.
    """
    height, width = grey.shape
    x0, y0 = max(int(box[0]), 0), max(int(box[1]), 0)
    x1, y1 = min(int(np.ceil(box[2])), width), min(int(np.ceil(box[3])), height)
    if x1 - x0 < 6 or y1 - y0 < 6:
        return np.empty((0, 2), np.float32)
    # The corners of a face box show the background, which does not move with the face.
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    cv2.ellipse(
        mask, ((x1 - x0) // 2, (y1 - y0) // 2), ((x1 - x0) * 2 // 5, (y1 - y0) * 2 // 5), 0, 0, 360, 255, -1
    )
    found: Any = cv2.goodFeaturesToTrack(grey[y0:y1, x0:x1], 40, 0.01, 2, mask=mask)
    if found is None:
        return np.empty((0, 2), np.float32)
    return np.asarray(found, np.float32).reshape(-1, 2) + np.array([x0, y0], np.float32)


def follow_points(before: Grey, after: Grey, points: Points) -> tuple[Points, NDArray[np.bool_]]:
    """Where points went, and which of them are found again when followed back.

    Args:
        before: Shape ``(h, w)``.
        after: Same shape.
        points: Shape ``(n, 2)`` in ``before``.

    Returns:
        New places, shape ``(n, 2)``, and whether each came back to within one pixel.
    """
    if not len(points):
        return points, np.zeros(0, bool)
    start = points.reshape(-1, 1, 2)
    there, found, _ = cv2.calcOpticalFlowPyrLK(before, after, start, start.copy(), winSize=WINDOW, maxLevel=2)
    back, found_back, _ = cv2.calcOpticalFlowPyrLK(
        after, before, there, start.copy(), winSize=WINDOW, maxLevel=2
    )
    close = np.abs(back - start).max(axis=(1, 2)) < 1.0
    good = close & (found.ravel() == 1) & (found_back.ravel() == 1)
    return there.reshape(-1, 2).astype(np.float32), good


def move_box(box: Box, before: Points, after: Points) -> Box:
    """Shift and scale a box as the median of its points moved.

    Args:
        box: Old box.
        before: Shape ``(n, 2)``, n >= 1.
        after: The same points afterwards.
    """
    centre_before, centre_after = np.median(before, axis=0), np.median(after, axis=0)
    spread = np.linalg.norm(before - centre_before, axis=1)
    far = spread > 2
    scale = 1.0
    if far.sum() >= 4:
        scale = float(np.median(np.linalg.norm(after - centre_after, axis=1)[far] / spread[far]))
        scale = min(max(scale, 0.95), 1.05)
    x, y = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]) - centre_before
    x, y = x * scale + centre_after[0], y * scale + centre_after[1]
    half_width, half_height = (box[2] - box[0]) / 2 * scale, (box[3] - box[1]) / 2 * scale
    return float(x - half_width), float(y - half_height), float(x + half_width), float(y + half_height)
