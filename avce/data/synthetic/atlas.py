"""One picture that holds the skin of all parts, and soft brushes to paint on it.

The left part is the face's plane; strips at the right hold hair, ears, neck and cloth. Beside the colour there is a
relief, which bends the light without moving the outline, and a gloss.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

HEIGHT, WIDTH = 512, 768


@dataclass(frozen=True)
class Region:
    """A rectangle of the atlas in pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of the region."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)

    def uv01(self, at: NDArray[np.float64]) -> NDArray[np.float64]:
        """From [0, 1] within the region to pixels of the atlas; stays a pixel and a half off the border."""
        size = np.array([self.width - 3, self.height - 3])
        corner = np.array([self.left + 1.5, self.top + 1.5])
        return np.asarray(corner + np.clip(at, 0, 1) * size)


@dataclass(frozen=True)
class Plane(Region):
    """The face's region: its plane's units to pixels."""

    scale: float = 200.0
    x0: float = -1.28
    y1: float = 1.2

    def pixels(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points of the plane as pixels, y down."""
        return (points - (self.x0, self.y1)) * (self.scale, -self.scale)

    def uv(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points of the plane as pixels of the atlas."""
        return np.clip(self.pixels(points), 1.5, (self.width - 1.5, self.height - 1.5))


FACE = Plane(0, 0, 512, 512)
HAIR = Region(512, 0, 256, 256)
NECK = Region(512, 256, 128, 128)
EAR = Region(640, 256, 128, 128)
CLOTH = Region(512, 384, 256, 128)


@dataclass(frozen=True)
class Atlas:
    """The painted skin.

    Attributes:
        colour: sRGB, uint8 ``(h, w, 3)``.
        gloss: uint8 ``(h, w)``.
        relief: float32 ``(h, w)``, in pixels of the atlas, towards the viewer.
    """

    colour: NDArray[np.uint8]
    gloss: NDArray[np.uint8]
    relief: NDArray[np.float32]

    def copy(self) -> Atlas:
        """An atlas to paint on without changing this one."""
        return Atlas(self.colour.copy(), self.gloss.copy(), self.relief.copy())


_FINE = 4
"""Binary digits of sub-pixel positions."""


@dataclass(frozen=True)
class Mask:
    """Coverage in [0, 1] of a rectangle of the face's region."""

    rows: slice
    columns: slice
    cover: NDArray[np.float32]

    def __and__(self, other: Mask) -> Mask:
        """The part of this mask that the other one covers too; the other must have the same rectangle."""
        return Mask(self.rows, self.columns, self.cover * other.cover)


def _box(pixels: NDArray[np.float64], margin: float) -> tuple[slice, slice]:
    low = np.floor(pixels.min(0) - margin).astype(int)
    high = np.ceil(pixels.max(0) + margin).astype(int) + 1
    left, top = np.clip(low, 0, (FACE.width - 2, FACE.height - 2))
    right, bottom = np.clip(high, (left + 2, top + 2), (FACE.width, FACE.height))
    return slice(int(top), int(bottom)), slice(int(left), int(right))


def _fixed(pixels: NDArray[np.float64], box: tuple[slice, slice]) -> NDArray[np.int32]:
    moved = (pixels - (box[1].start, box[0].start)) * 2**_FINE
    return np.asarray(np.round(moved), np.int32)


def _finish(cover: NDArray[np.uint8], box: tuple[slice, slice], blur_px: float) -> Mask:
    soft = cover.astype(np.float32) / np.float32(255)
    if blur_px > 0:
        soft = cv2.GaussianBlur(soft, (0, 0), blur_px)  # type: ignore[assignment]
    return Mask(*box, soft)


def fill(polygon: NDArray[np.float64], *, blur: float = 0.0, box: tuple[slice, slice] | None = None) -> Mask:
    """Coverage of a polygon of the face's plane, its edge softened by ``blur`` units."""
    pixels, blur_px = FACE.pixels(polygon), blur * FACE.scale
    box = box or _box(pixels, 3 * blur_px + 1)
    cover = np.zeros((box[0].stop - box[0].start, box[1].stop - box[1].start), np.uint8)
    cv2.fillPoly(cover, [_fixed(pixels, box)], (255,), cv2.LINE_AA, _FINE)
    return _finish(cover, box, blur_px)


def stroke(curve: NDArray[np.float64], width: float, *, blur: float = 0.0, closed: bool = False) -> Mask:
    """Coverage of a line of constant width along a curve of the face's plane."""
    pixels, blur_px = FACE.pixels(curve), blur * FACE.scale
    thickness = max(1, round(width * FACE.scale))
    box = _box(pixels, thickness + 3 * blur_px + 1)
    cover = np.zeros((box[0].stop - box[0].start, box[1].stop - box[1].start), np.uint8)
    cv2.polylines(cover, [_fixed(pixels, box)], closed, (255,), thickness, cv2.LINE_AA, _FINE)
    return _finish(cover, box, blur_px)


def spot(centre: NDArray[np.float64], radii: tuple[float, float]) -> Mask:
    """A soft elliptic spot, Gaussian with the given standard deviations."""
    pixels = FACE.pixels(centre[None])[0]
    reach = 2.6 * np.array(radii)
    box = _box(FACE.pixels(np.stack([centre - reach, centre + reach])), 1)
    x = (np.arange(box[1].start, box[1].stop) - pixels[0]) / (radii[0] * FACE.scale)
    y = (np.arange(box[0].start, box[0].stop) - pixels[1]) / (radii[1] * FACE.scale)
    return Mask(*box, np.outer(np.exp(-(y**2) / 2), np.exp(-(x**2) / 2)).astype(np.float32))


def tint(atlas: Atlas, mask: Mask, colour: tuple[float, float, float], opacity: float) -> None:
    """Blend a colour in."""
    patch = atlas.colour[mask.rows, mask.columns]
    share = (mask.cover * np.float32(np.clip(opacity, 0, 1)))[..., None]
    patch[:] = np.rint(patch + share * (np.array(colour, np.float32) - patch)).astype(np.uint8)


def shade(atlas: Atlas, mask: Mask, factor: tuple[float, float, float]) -> None:
    """Multiply the colour by a factor where the mask covers; factors below 1 darken."""
    patch = atlas.colour[mask.rows, mask.columns]
    change = 1 + mask.cover[..., None] * (np.array(factor, np.float32) - 1)
    patch[:] = np.clip(np.rint(patch * change), 0, 255).astype(np.uint8)


def emboss(atlas: Atlas, mask: Mask, height: float) -> None:
    """Raise the relief by ``height`` pixels where the mask covers."""
    atlas.relief[mask.rows, mask.columns] += np.float32(height) * mask.cover


def polish(atlas: Atlas, mask: Mask, gloss: float) -> None:
    """Blend a gloss in [0, 255] in."""
    patch = atlas.gloss[mask.rows, mask.columns]
    patch[:] = np.rint(patch + mask.cover * (np.float32(gloss) - patch)).astype(np.uint8)
