"""Glasses: two rims, a bridge and temples, drawn as lines over the picture."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from avce.data.synthetic.identity import Glasses, Identity
from avce.data.synthetic.landmarks import SIDES, eye_centre

Points = NDArray[np.float64]

_FINE = 4


def _rim(identity: Identity, side: int) -> Points:
    angle = np.linspace(0, 2 * np.pi, 41)
    cosine, sine = np.cos(angle), np.sin(angle)
    power = 1.0 if identity.glasses is Glasses.ROUND else 0.55
    x = 0.235 * np.sign(cosine) * np.abs(cosine) ** power
    y = (0.2 if identity.glasses is Glasses.ROUND else 0.16) * np.sign(sine) * np.abs(sine) ** power
    centre = eye_centre(identity, side)
    x = centre[0] * 1.04 + x
    depth = 0.94 - 0.32 * np.clip(np.abs(x) - 0.1, 0, None) ** 1.3
    return np.column_stack([x, centre[1] + y - 0.01, depth])


def _lines(identity: Identity) -> list[Points]:
    """Rims, bridge and temples in space."""
    rims = [_rim(identity, side) for side in SIDES]
    inner = [float(np.min(np.abs(rim[:, 0]))) for rim in rims]
    x = np.linspace(-inner[0], inner[1], 9)
    bridge = np.column_stack([x, 0.08 + 0.03 * np.cos(x / inner[0] * np.pi / 2), np.full(9, 0.98)])
    lines = [*rims, bridge]
    for side, rim in zip(SIDES, rims, strict=True):
        hinge = rim[np.argmax(np.abs(rim[:, 0]))] + np.array([0, 0.02, 0])
        lines.append(np.stack([hinge, [side * 0.76 * identity.head_width, 0.08, 0.1]]))
    return lines


def draw_glasses(
    levels: NDArray[np.float32],
    cover: NDArray[np.float32],
    identity: Identity,
    project: Callable[[Points], Points],
    scale: float,
) -> None:
    """Draw a person's glasses in place, nothing when there are none.

    Args:
        levels: Picture in levels of 255.
        cover: How much of each pixel the person covers; grows where the glasses stand out.
        identity: Whose glasses.
        project: From points of the head to pixels.
        scale: Pixels per unit.
    """
    if identity.glasses is Glasses.NONE:
        return
    mask = np.zeros(cover.shape, np.uint8)
    pixels = [np.round(project(points) * 2**_FINE).astype(np.int32) for points in _lines(identity)]
    thickness = max(1, round(scale * 0.026))
    cv2.polylines(
        mask, pixels, isClosed=False, color=(255,), thickness=thickness, lineType=cv2.LINE_AA, shift=_FINE
    )
    rows, columns = np.nonzero(mask)
    share = mask[rows, columns, None].astype(np.float32) / np.float32(255)
    levels[rows, columns] += share * (np.array(identity.glasses_colour, np.float32) - levels[rows, columns])
    cover[rows, columns] = np.maximum(cover[rows, columns], share[:, 0])
