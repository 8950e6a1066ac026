"""The part of a crop that a network sees, as the paper does it: Resize 256, then a window of 224.

For another input side both numbers scale. Prediction takes the centre window; training moves it.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

RESIZE, WINDOW = 256, 224
"""Paper: Resize(256), then RandomCrop(224) for training and CenterCrop(224) for validation."""


def resized_side(input_size: int) -> int:
    """Side to which a crop is brought before the window of ``input_size`` is cut."""
    return round(input_size * RESIZE / WINDOW)


def centre_window(crop_side: int, input_size: int) -> tuple[float, float]:
    """Start and length, in pixels of a crop, of what prediction sees; the same for both axes."""
    resized = resized_side(input_size)
    start = (resized - input_size) // 2
    return start * crop_side / resized, input_size * crop_side / resized


def seen_pixels(crop_side: int, input_size: int) -> slice:
    """Pixels of a crop, along either axis, whose centres lie in :func:`centre_window`."""
    start, length = centre_window(crop_side, input_size)
    return slice(math.ceil(start - 0.5), math.floor(start + length - 0.5) + 1)


def resize(images_rgb_u8: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Bring square pictures ``(n, h, w, 3)`` to one side; averages when shrinking, so nothing aliases."""
    if images_rgb_u8.shape[1:3] == (side, side):
        return images_rgb_u8
    shrinks = images_rgb_u8.shape[1] > side
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    out = np.empty((len(images_rgb_u8), side, side, 3), np.uint8)
    for n, picture in enumerate(images_rgb_u8):
        cv2.resize(picture, (side, side), dst=out[n], interpolation=how)
    return out


def centre(images_rgb_u8: NDArray[np.uint8], input_size: int) -> NDArray[np.uint8]:
    """Resize and take the centre window."""
    resized = resize(images_rgb_u8, resized_side(input_size))
    start = (resized.shape[1] - input_size) // 2
    return resized[:, start : start + input_size, start : start + input_size]
