"""Cut one face out of a picture: the one recipe for training, analysis and maps.

A model only works on pictures cut as its training pictures were; so the recipe (``margin``, ``size``) is kept
in every checkpoint and this is the only function that applies it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from avce.errors import DomainError, ShapeError


def square_around(box_xyxy_px: tuple[float, float, float, float], margin: float) -> tuple[int, int, int]:
    """The square that is cut for a box.

    Args:
        box_xyxy_px: The detector's box.
        margin: Context on each of the four sides, as a share of the box's longer side.

    Returns:
        Left, top and side of the square, whole pixels; it may reach beyond the picture.

    Raises:
        DomainError: A box without area, or with a number that is not finite.
    """
    x0, y0, x1, y1 = box_xyxy_px
    if not np.isfinite(box_xyxy_px).all() or x1 <= x0 or y1 <= y0:
        raise DomainError(f"box_xyxy_px: expected x0 < x1 and y0 < y1, all finite, got {box_xyxy_px}")
    side = max(1, round(max(x1 - x0, y1 - y0) * (1 + 2 * margin)))
    return round((x0 + x1 - side) / 2), round((y0 + y1 - side) / 2), side


def crop_face(
    frame_rgb_u8: NDArray[np.uint8],
    box_xyxy_px: tuple[float, float, float, float],
    *,
    margin: float,
    size: int,
) -> NDArray[np.uint8]:
    """Cut a square around a face and bring it to a fixed size.

    The aspect ratio is kept; where the square leaves the picture, the picture's edge is repeated.

    Args:
        frame_rgb_u8: Shape ``(h, w, 3)``.
        box_xyxy_px: The detector's box in pixels of the frame.
        margin: Context on each side, as a share of the box's longer side.
        size: Side of the result in pixels.

    Returns:
        Shape ``(size, size, 3)``, a fresh contiguous array.

    Raises:
        ShapeError: Not a colour picture.
        DomainError: A box without area or wholly outside the picture.
    """
    if frame_rgb_u8.ndim != 3 or frame_rgb_u8.shape[2] != 3:
        raise ShapeError(f"frame_rgb_u8: expected shape (h, w, 3), got {frame_rgb_u8.shape}")
    height, width = frame_rgb_u8.shape[:2]
    left, top, side = square_around(box_xyxy_px, margin)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, width), min(top + side, height)
    if x0 >= x1 or y0 >= y1:
        raise DomainError(
            f"box_xyxy_px: expected a box that meets the {width} x {height} picture, got {box_xyxy_px}"
        )
    inside = frame_rgb_u8[y0:y1, x0:x1]
    if (x1 - x0, y1 - y0) != (side, side):
        inside = cv2.copyMakeBorder(  # type: ignore[assignment]
            inside, y0 - top, top + side - y1, x0 - left, left + side - x1, cv2.BORDER_REPLICATE
        )
    interpolation = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    resized = cv2.resize(inside, (size, size), interpolation=interpolation)
    return np.array(resized, dtype=np.uint8, order="C")
