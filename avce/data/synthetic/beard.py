"""Beards: outlines that follow the mouth and the chin, filled with grain."""

from __future__ import annotations

import numpy as np

from avce.data.synthetic.atlas import Atlas, Mask, emboss, fill, polish, tint
from avce.data.synthetic.identity import Beard, Identity
from avce.data.synthetic.landmarks import Curve, Landmarks


def _mirrored(right: list[tuple[float, float]]) -> Curve:
    """A symmetric outline from the points of its right half, top to bottom."""
    half = np.array(right)
    return np.concatenate([half, half[::-1] * (-1, 1)])


def _moustache(marks: Landmarks) -> Curve:
    corner, top = marks.mouth.upper[-1], float(marks.mouth.top[14, 1])
    tip = (float(corner[0]) + 0.04, float(corner[1]) - 0.04)
    return _mirrored([(0.0, top + 0.075), (0.13, top + 0.09), tip, (0.13, top - 0.005)])


def _goatee(marks: Landmarks) -> Curve:
    low = float(marks.mouth.bottom[14, 1])
    return _mirrored([(0.16, low - 0.03), (0.2, -1.1 - marks.chin_drop)])


def _full(marks: Landmarks) -> Curve:
    corner, top = marks.mouth.upper[-1], float(marks.mouth.top[14, 1])
    cheek = (float(corner[0]) + 0.06, float(corner[1]) + 0.02)
    return _mirrored([(0.12, top + 0.1), cheek, (0.55, -0.48), (0.7, -0.2), (0.92, -0.1), (0.92, -1.3)])


def grow_beard(atlas: Atlas, identity: Identity, marks: Landmarks, rng: np.random.Generator) -> None:
    """Paint a person's beard in place, nothing when there is none; the lips are painted over it.

    Args:
        atlas: A copy of the person's bare atlas.
        identity: Whose beard.
        marks: Where mouth and chin are.
        rng: Source of the grain.
    """
    areas: list[tuple[Curve, float, float]] = {
        Beard.NONE: [],
        Beard.STUBBLE: [(_full(marks), 0.05, 0.3)],
        Beard.MOUSTACHE: [(_moustache(marks), 0.014, 0.8)],
        Beard.GOATEE: [(_moustache(marks), 0.014, 0.75), (_goatee(marks), 0.03, 0.8)],
        Beard.FULL: [(_full(marks), 0.035, 0.82)],
    }[identity.beard]
    for outline, blur, opacity in areas:
        area = fill(outline, blur=blur)
        grain = np.clip(1 + 0.28 * rng.standard_normal(area.cover.shape, np.float32), 0, 1.35)
        hairs = Mask(area.rows, area.columns, np.minimum(area.cover * grain, 1))
        tint(atlas, hairs, identity.brow_colour, opacity)
        polish(atlas, hairs, 50)
        emboss(atlas, Mask(area.rows, area.columns, hairs.cover * grain), 1.4 * opacity)
