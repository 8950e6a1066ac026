"""Maps as pictures: over the face, and in the poster's tiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from avce.errors import DomainError, OptionError, ShapeError

COLORMAPS = {"turbo": cv2.COLORMAP_TURBO, "viridis": cv2.COLORMAP_VIRIDIS, "jet": cv2.COLORMAP_JET}
"""Turbo looks like the poster's maps with even steps; viridis is safe for colour-blind eyes and in grey print."""

BELOW, ABOVE = (33, 102, 172), (178, 24, 43)
"""Ends of the signed scale: blue and red, told apart by colour-blind eyes too."""


def overlay(
    crop_rgb_u8: NDArray[np.uint8],
    values: NDArray[np.floating],
    opacity: float = 0.45,
    *,
    colormap: str = "turbo",
) -> NDArray[np.uint8]:
    """A map drawn over its face.

    Args:
        crop_rgb_u8: One face, shape ``(h, w, 3)``.
        values: Its map within [0, 1], any resolution.
        opacity: Share of the map's colour; 0 shows the face alone, 1 the map alone.
        colormap: Key of :data:`COLORMAPS`.

    Returns:
        Shape ``(h, w, 3)``, RGB, uint8.

    Raises:
        ShapeError: Other shapes.
        DomainError: A number outside [0, 1], or such an opacity.
        OptionError: Unknown colormap.
    """
    if crop_rgb_u8.ndim != 3 or crop_rgb_u8.shape[2] != 3 or values.ndim != 2:
        raise ShapeError(
            f"expected a face (h, w, 3) and a map (h, w), got shapes {crop_rgb_u8.shape} and {values.shape}"
        )
    if not 0 <= opacity <= 1:
        raise DomainError(f"opacity: expected a number within [0, 1], got {opacity}")
    colours = coloured(values, size=crop_rgb_u8.shape[:2], colormap=colormap)
    blended = (1 - opacity) * crop_rgb_u8.astype(np.float32) + opacity * colours.astype(np.float32)
    return np.asarray(np.rint(blended), np.uint8)


def coloured(
    values: NDArray[np.floating], *, size: tuple[int, ...] | None = None, colormap: str = "turbo"
) -> NDArray[np.uint8]:
    """A map in colours, RGB; enlarged to ``(height, width)`` where given."""
    if colormap not in COLORMAPS:
        raise OptionError(f"colormap: expected one of {', '.join(COLORMAPS)}, got {colormap!r}")
    if values.size == 0 or not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
        raise DomainError("values: expected a map within [0, 1]; scale it first")
    grey: NDArray[Any] = values.astype(np.float32)
    if size is not None and tuple(size) != grey.shape:
        grey = cv2.resize(grey, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
    return _rgb(np.rint(grey * 255).astype(np.uint8), COLORMAPS[colormap])


def coloured_difference(
    values: NDArray[np.floating], *, size: tuple[int, ...] | None = None
) -> NDArray[np.uint8]:
    """A signed map within [-1, 1] in colours, RGB: blue below zero, white at zero, red above."""
    if values.size == 0 or not (np.isfinite(values).all() and np.abs(values).max() <= 1):
        raise DomainError("values: expected a signed map within [-1, 1]; scale it first")
    signed: NDArray[Any] = values.astype(np.float32)
    if size is not None and tuple(size) != signed.shape:
        signed = cv2.resize(signed, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
    ends = np.where(signed[..., None] >= 0, np.array(ABOVE, np.float32), np.array(BELOW, np.float32))
    return np.asarray(np.rint(255 + np.abs(signed)[..., None] * (ends - 255)), np.uint8)


def scale_stops(colormap: str = "turbo", count: int = 17) -> list[str]:
    """Colours of a map's scale from 0 to 1 as ``#rrggbb``; ``"difference"``: of a signed one from -1 to 1."""
    if colormap == "difference":
        stops = coloured_difference(np.linspace(-1, 1, count)[None])[0]
    else:
        stops = coloured(np.linspace(0, 1, count)[None], colormap=colormap)[0]
    return ["#{:02x}{:02x}{:02x}".format(*map(int, stop)) for stop in stops]


def _rgb(grey: NDArray[np.uint8], code: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(cv2.applyColorMap(grey, code), cv2.COLOR_BGR2RGB), np.uint8)


def tiles(
    pictures_rgb_u8: Sequence[NDArray[np.uint8]], *, columns: int = 2, gap_px: int = 2
) -> NDArray[np.uint8]:
    """Pictures of one size in a grid on white; the poster's order is AVCE, CAF over baseline, input.

    Raises:
        ShapeError: No pictures, or of several sizes.
    """
    shapes = {picture.shape for picture in pictures_rgb_u8}
    if len(shapes) != 1:
        raise ShapeError(f"expected pictures of one size, got {sorted(shapes) or 'none'}")
    height, width, _ = shapes.pop()
    rows = -(-len(pictures_rgb_u8) // columns)
    canvas = np.full(
        (rows * (height + gap_px) - gap_px, columns * (width + gap_px) - gap_px, 3), 255, np.uint8
    )
    for place, picture in enumerate(pictures_rgb_u8):
        top, left = (place // columns) * (height + gap_px), (place % columns) * (width + gap_px)
        canvas[top : top + height, left : left + width] = picture
    return canvas
