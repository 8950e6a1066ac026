"""Curves of a face in its own plane: brows, lids, lips, folds, moved by the muscle actions.

The plane's unit is about half a head's height; x to the picture's right, y up, the origin between the eyes'
height and the head's middle. An undeformed face has eyes at y = .05, the nose's base at -.42, the mouth at -.62
and the chin at -1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avce.data.synthetic.expression import Actions
from avce.data.synthetic.identity import Identity

Curve = NDArray[np.float64]
"""Points of shape ``(n, 2)``."""

SIDES = (-1, 1)
"""The picture's left and right."""


def shifted(curve: Curve, x: float, y: float) -> Curve:
    """A curve or a point moved as a whole."""
    return np.asarray(curve + np.array([x, y]))


_T = np.linspace(-1, 1, 29)


@dataclass(frozen=True)
class Eye:
    """One eye; curves run from the inner to the outer corner.

    Attributes:
        centre: Middle of the opening at rest.
        upper: Edge of the upper lid.
        lower: Edge of the lower lid.
        crease: Fold above the upper lid.
        iris: Middle of the iris.
        iris_radius: Its radius.
        openness: 0 closed, 1 at rest.
    """

    centre: NDArray[np.float64]
    upper: Curve
    lower: Curve
    crease: Curve
    iris: NDArray[np.float64]
    iris_radius: float
    openness: float


@dataclass(frozen=True)
class Mouth:
    """The lips as four curves from the left corner to the right, top to bottom.

    Attributes:
        top: Upper edge of the upper lip.
        upper: Lower edge of the upper lip.
        lower: Upper edge of the lower lip.
        bottom: Lower edge of the lower lip.
        open: Largest distance between upper and lower.
        teeth: How much the upper teeth show, 0 to 1.
    """

    top: Curve
    upper: Curve
    lower: Curve
    bottom: Curve
    open: float
    teeth: float


@dataclass(frozen=True)
class Landmarks:
    """All curves of one face.

    Attributes:
        eyes: Left, right (of the picture).
        brows: Middle lines, inner to outer end, with half-thickness in :attr:`brow_half`.
        brow_half: Half the thickness along each brow.
        mouth: The lips.
        folds: Nasolabial folds from the nose's wings past the mouth's corners.
        fold_depth: How much they show, 0 to 1.
        nose_y: Height of the nose's tip.
        nose_half_width: Half the width of the wings.
        chin_drop: How far the chin moved down.
        cheek_lift: How far the cheeks moved up.
    """

    eyes: tuple[Eye, Eye]
    brows: tuple[Curve, Curve]
    brow_half: NDArray[np.float64]
    mouth: Mouth
    folds: tuple[Curve, Curve]
    fold_depth: tuple[float, float]
    nose_y: float
    nose_half_width: float
    chin_drop: float
    cheek_lift: float


def eye_centre(identity: Identity, side: int) -> NDArray[np.float64]:
    """Middle of an eye at rest."""
    return np.array([side * 0.33 * identity.eye_spacing * identity.head_width, 0.05])


def _openness(actions: Actions) -> float:
    """Opening of the lids, 1 at rest, before the lower lid's share."""
    opened = (
        1
        + 0.42 * actions.lid_raise
        - 0.3 * actions.lid_tight
        - 0.62 * actions.droop
        - 0.2 * actions.cheek_raise
    )
    return float(np.clip(opened, 0.22, 1.5) * (1 - np.clip(actions.blink, 0, 1)))


def _eye(identity: Identity, actions: Actions, side: int, gaze: tuple[float, float]) -> Eye:
    centre = eye_centre(identity, side)
    half = 0.158 * identity.eye_size
    openness = _openness(actions)
    x = centre[0] + side * half * _T
    tilt = identity.eye_tilt * 0.12 * _T - 0.018 * actions.droop * _T
    arc = np.clip(1 - np.abs(_T + 0.08) ** 2.3 / 1.2, 0, None) * np.clip(1 - _T**6, 0, 1)
    low = (
        0.052
        - 0.034 * np.clip(actions.cheek_raise, 0, 1)
        - 0.02 * actions.lid_tight
        + 0.006 * actions.lid_raise
    )
    lower = centre[1] - low * identity.eye_size * np.clip(1 - _T**2, 0, 1) + tilt
    wide_open = centre[1] + 0.086 * identity.eye_size * openness * arc + tilt
    shut = np.clip(openness / 0.5, 0, 1)
    upper = np.maximum(lower, shut * wide_open + (1 - shut) * (lower + 0.1 * (wide_open - lower)))
    crease = centre[1] + (0.105 + 0.045 * openness) * identity.eye_size * (0.35 + 0.65 * arc) + tilt
    crease -= 0.02 * actions.brow_lower
    iris = centre + np.array([0.045 * gaze[0], 0.014 + 0.03 * gaze[1] - 0.02 * np.clip(1 - openness, 0, 1)])
    return Eye(
        centre=centre,
        upper=np.column_stack([x, upper]),
        lower=np.column_stack([x, lower]),
        crease=np.column_stack([x, np.maximum(crease, upper + 0.02)]),
        iris=iris,
        iris_radius=0.074 * (0.5 + 0.5 * identity.eye_size),
        openness=openness,
    )


def _brow(identity: Identity, actions: Actions, side: int) -> Curve:
    t = np.linspace(0, 1, 15)
    centre = eye_centre(identity, side)
    x = centre[0] + side * (-0.185 + 0.42 * t)
    x -= side * 0.05 * actions.brow_lower * (1 - t) ** 2
    arch = 0.05 * np.sin(np.pi * np.clip(t, 0, 1) ** 1.4) * (0.4 + identity.brow_arch)
    y = 0.265 + identity.brow_height + arch - 0.05 * t**3
    lowered = actions.brow_lower + identity.rest_brow
    y += 0.125 * actions.inner_brow * (1 - t) ** 1.6 + 0.1 * actions.outer_brow * np.sin(
        np.pi * (0.25 + 0.55 * t)
    )
    y -= lowered * (0.125 * (1 - t) ** 1.5 + 0.025)
    return np.column_stack([x, y])


def _mouth(identity: Identity, actions: Actions, rounding: float) -> Mouth:
    smile = actions.smile + identity.rest_smile
    half = 0.26 * identity.mouth_width
    half *= (
        1 + 0.28 * smile + 0.2 * actions.stretch - 0.1 * actions.frown - 0.05 * actions.jaw - 0.32 * rounding
    )
    middle_y = -0.62 + identity.mouth_height + 0.02 * actions.chin_raise
    corner = 0.095 * smile - 0.1 * actions.frown - 0.015 * actions.stretch
    skew = 1 + identity.asymmetry * _T
    bent = np.abs(_T) ** (1.8 + 0.8 * np.clip(actions.frown - smile, 0, 1))
    line = middle_y + corner * bent * skew - 0.25 * corner
    bow = np.clip(1 - _T**2, 0, 1)
    lips = (
        identity.lip_fullness * (1 - 0.6 * np.clip(actions.press, 0, 1)) * (1 - 0.22 * np.clip(smile, 0, 1))
    )
    opened = bow ** (0.65 + 0.25 * np.clip(smile, 0, 1))
    up = (0.03 * actions.part + 0.055 * actions.lip_raise + 0.03 * smile * actions.part) * opened
    down = (0.055 * actions.part + 0.24 * actions.jaw) * opened
    sag = 0.1 * actions.jaw * np.abs(_T) ** 2 * 0.4
    upper, lower = line + up - sag, line - down - sag
    cupid = 0.012 * np.exp(-((np.abs(_T) - 0.17) ** 2) / 0.02) - 0.008 * np.exp(-(_T**2) / 0.008)
    top = upper + lips * (0.062 * bow**0.85 + cupid * bow)
    bottom = lower - lips * (0.078 + 0.018 * actions.chin_raise) * bow**0.7
    x = half * _T
    top_lip, upper_lip, lower_lip, bottom_lip = (np.column_stack([x, y]) for y in (top, upper, lower, bottom))
    return Mouth(
        top=top_lip,
        upper=upper_lip,
        lower=lower_lip,
        bottom=bottom_lip,
        open=float(np.max(upper - lower)),
        teeth=float(np.clip(0.35 + 0.6 * smile + 0.5 * actions.stretch + 0.8 * actions.lip_raise, 0, 1)),
    )


def _fold(identity: Identity, mouth: Mouth, actions: Actions, side: int) -> Curve:
    corner = mouth.upper[0 if side < 0 else -1]
    t = np.linspace(0, 1, 12)
    start = np.array([side * 0.15 * identity.nose_width, -0.33 + 0.04 * actions.nose_wrinkle])
    end = corner + np.array([side * 0.06, -0.06])
    middle = (start + end) / 2 + np.array([side * (0.06 + 0.04 * actions.smile), 0.05])
    return np.outer((1 - t) ** 2, start) + np.outer(2 * t * (1 - t), middle) + np.outer(t**2, end)


def place(identity: Identity, actions: Actions, *, gaze: tuple[float, float], rounding: float) -> Landmarks:
    """All curves of a face.

    Args:
        identity: Whose face.
        actions: What the muscles do.
        gaze: Where the eyes look, right and up, in [-1, 1].
        rounding: Lips rounded as in speech, 0 to 1.
    """
    mouth = _mouth(identity, actions, rounding)
    strength = (
        0.1
        + 0.3 * identity.age
        + 0.55 * max(actions.smile, 0.0)
        + 0.6 * actions.nose_wrinkle
        + 0.3 * actions.lip_raise
    )
    depth = float(np.clip(strength, 0, 1))
    left, right = SIDES
    return Landmarks(
        eyes=(_eye(identity, actions, left, gaze), _eye(identity, actions, right, gaze)),
        brows=(_brow(identity, actions, left), _brow(identity, actions, right)),
        brow_half=0.034
        * identity.brow_thickness
        * np.interp(np.linspace(0, 1, 15), [0, 0.15, 0.6, 1], [0.75, 1, 0.9, 0.2]),
        mouth=mouth,
        folds=(_fold(identity, mouth, actions, left), _fold(identity, mouth, actions, right)),
        fold_depth=(depth * (1 + identity.asymmetry), depth * (1 - identity.asymmetry)),
        nose_y=-0.36 * identity.nose_length + 0.03 * actions.nose_wrinkle + 0.02 * actions.lip_raise,
        nose_half_width=0.15
        * identity.nose_width
        * (1 + 0.12 * actions.nose_wrinkle + 0.06 * max(actions.smile, 0.0)),
        chin_drop=0.17 * actions.jaw + 0.02 * actions.part,
        cheek_lift=0.07 * actions.cheek_raise,
    )
