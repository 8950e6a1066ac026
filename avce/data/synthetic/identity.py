"""Who is drawn: the traits that stay the same in all pictures of one person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Rgb = tuple[float, float, float]
"""Red, green, blue in [0, 255], sRGB."""


class Hair(StrEnum):
    """How the hair is worn."""

    BALD = "bald"
    BUZZ = "buzz"
    SHORT = "short"
    FRINGE = "fringe"
    FULL = "full"
    CURLY = "curly"
    LONG = "long"


class Beard(StrEnum):
    """How the beard is worn."""

    NONE = "none"
    STUBBLE = "stubble"
    MOUSTACHE = "moustache"
    GOATEE = "goatee"
    FULL = "full"


class Glasses(StrEnum):
    """Shape of the glasses."""

    NONE = "none"
    ROUND = "round"
    SQUARE = "square"


_SKIN_TONES = np.array(
    [
        (247, 214, 190),
        (238, 195, 163),
        (224, 175, 138),
        (205, 152, 113),
        (178, 124, 86),
        (143, 95, 64),
        (110, 71, 49),
        (82, 54, 40),
    ],
    np.float64,
)
_HAIR_COLOURS = np.array(
    [
        (28, 23, 22),
        (47, 34, 27),
        (74, 50, 34),
        (110, 76, 46),
        (160, 118, 70),
        (200, 165, 110),
        (130, 60, 32),
        (150, 148, 146),
    ],
    np.float64,
)
_HAIR_SHARES = (0.24, 0.22, 0.18, 0.12, 0.08, 0.06, 0.05, 0.05)
_EYE_COLOURS = np.array(
    [(74, 46, 28), (96, 62, 34), (112, 92, 48), (86, 112, 76), (84, 120, 150), (110, 132, 146)], np.float64
)
_EYE_SHARES = (0.36, 0.22, 0.14, 0.09, 0.12, 0.07)


@dataclass(frozen=True)
class Identity:
    """One person. Lengths are factors around 1 or shifts around 0; see :func:`draw_identity` for ranges.

    Attributes:
        seed: Source of this person's own fine texture (pores, strands, wrinkles).
        expressivity: How strongly this face shows what is felt.
        asymmetry: Strength of the left half of expressions against the right, around 0.
        feminine: 0 to 1; blends brow ridge, jaw, lips and lashes between two typical builds.
        age: 0 (twenty) to 1 (seventy).
    """

    seed: int
    skin: Rgb
    hair_colour: Rgb
    brow_colour: Rgb
    iris: Rgb
    cloth: Rgb
    hair: Hair
    beard: Beard
    glasses: Glasses
    glasses_colour: Rgb
    expressivity: float
    asymmetry: float
    feminine: float
    age: float
    freckles: float
    head_width: float
    head_length: float
    jaw_width: float
    chin: float
    cheekbones: float
    eye_size: float
    eye_spacing: float
    eye_tilt: float
    brow_height: float
    brow_thickness: float
    brow_arch: float
    nose_width: float
    nose_length: float
    nose_height: float
    mouth_width: float
    mouth_height: float
    lip_fullness: float
    ear_size: float
    hair_volume: float
    hairline: float
    parting: float
    rest_smile: float
    rest_brow: float


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    """A bell around the middle of the range that never leaves it."""
    return float(low + (high - low) * rng.beta(2.5, 2.5))


def _colour(rng: np.random.Generator, centre: NDArray[np.float64], spread: float) -> Rgb:
    shade = centre * rng.uniform(1 - spread, 1 + spread) + rng.normal(0, 3, 3)
    red, green, blue = np.clip(shade, 8, 250)
    return float(red), float(green), float(blue)


def _skin(rng: np.random.Generator) -> Rgb:
    at = rng.uniform(0, len(_SKIN_TONES) - 1)
    below = min(int(at), len(_SKIN_TONES) - 2)
    mixed = _SKIN_TONES[below] + (at - below) * (_SKIN_TONES[below + 1] - _SKIN_TONES[below])
    return _colour(rng, mixed, 0.03)


def _worn(rng: np.random.Generator, feminine: float, age: float) -> tuple[Hair, Beard]:
    """Hair and beard, more of one or the other by build and age."""
    if feminine > 0.5:
        return Hair(
            rng.choice(
                [Hair.LONG, Hair.FULL, Hair.FRINGE, Hair.CURLY, Hair.SHORT], p=[0.44, 0.18, 0.16, 0.14, 0.08]
            )
        ), Beard.NONE
    bald = 0.06 + 0.16 * age
    rest = 1 - bald
    styles = [Hair.BALD, Hair.SHORT, Hair.BUZZ, Hair.FRINGE, Hair.FULL, Hair.CURLY, Hair.LONG]
    hair = Hair(
        rng.choice(
            styles, p=[bald, 0.4 * rest, 0.2 * rest, 0.14 * rest, 0.1 * rest, 0.11 * rest, 0.05 * rest]
        )
    )
    return hair, Beard(rng.choice(list(Beard), p=[0.46, 0.2, 0.08, 0.1, 0.16]))


def _colours(rng: np.random.Generator, age: float) -> dict[str, Rgb]:
    """Skin, hair, eyes and cloth; light eyes and light hair are rarer on dark skin."""
    skin = _skin(rng)
    dark = 1 - np.clip((sum(skin) / 3 - 60) / 140, 0, 1)
    shares = np.array(_HAIR_SHARES) * np.array([1, 1, 1 - dark, *[(1 - dark) ** 3] * 4, 0.4 + 1.5 * age])
    hair = _HAIR_COLOURS[rng.choice(len(shares), p=shares / shares.sum())]
    eye_shares = np.array(_EYE_SHARES) * np.array([1, 1, *[(1 - dark) ** 2] * 4])
    iris = _EYE_COLOURS[rng.choice(len(eye_shares), p=eye_shares / eye_shares.sum())]
    return {
        "skin": skin,
        "hair_colour": _colour(rng, hair, 0.15),
        "brow_colour": _colour(rng, np.minimum(hair * 0.75, 105), 0.1),
        "iris": _colour(rng, iris, 0.15),
        "cloth": _colour(rng, rng.uniform(30, 210, 3), 0.1),
        "glasses_colour": _colour(rng, rng.uniform(15, 95) * rng.uniform(0.7, 1.0, 3), 0.1),
    }


def draw_identity(rng: np.random.Generator) -> Identity:
    """Draw a person.

    Args:
        rng: Source of chance; equal states give equal persons.

    Returns:
        A person with independent traits, except that colours, hair and beard keep plausible company.
    """
    seed = int(rng.integers(2**31))
    feminine = float(np.clip(rng.choice([0.15, 0.85]) + rng.normal(0, 0.12), 0, 1))
    age = float(rng.beta(1.3, 2.2))
    hair, beard = _worn(rng, feminine, age)
    return Identity(
        seed=seed,
        **_colours(rng, age),
        hair=hair,
        beard=beard,
        glasses=Glasses(rng.choice(list(Glasses), p=[0.8, 0.1, 0.1])),
        feminine=feminine,
        age=age,
        expressivity=_between(rng, 0.75, 1.2),
        asymmetry=_between(rng, -0.15, 0.15),
        freckles=float(rng.uniform(0, 1) ** 4),
        head_width=_between(rng, 0.92, 1.08),
        head_length=_between(rng, 0.94, 1.06),
        jaw_width=_between(rng, 0.88, 1.1) * (1.03 - 0.07 * feminine),
        chin=_between(rng, -1, 1),
        cheekbones=_between(rng, 0, 1),
        eye_size=_between(rng, 0.88, 1.12) * (0.97 + 0.07 * feminine),
        eye_spacing=_between(rng, 0.93, 1.07),
        eye_tilt=_between(rng, -0.06, 0.16),
        brow_height=_between(rng, -0.03, 0.03) + 0.02 * feminine,
        brow_thickness=_between(rng, 0.6, 1.35) * (1.1 - 0.3 * feminine),
        brow_arch=_between(rng, 0, 1) * (0.6 + 0.5 * feminine),
        nose_width=_between(rng, 0.8, 1.3) * (1.04 - 0.1 * feminine),
        nose_length=_between(rng, 0.9, 1.1),
        nose_height=_between(rng, 0.7, 1.25),
        mouth_width=_between(rng, 0.86, 1.14),
        mouth_height=_between(rng, -0.03, 0.03),
        lip_fullness=_between(rng, 0.65, 1.4) * (0.9 + 0.25 * feminine),
        ear_size=_between(rng, 0.85, 1.15),
        hair_volume=_between(rng, 0.6, 1.4),
        hairline=_between(rng, -0.05, 0.05) + 0.07 * age * (1 - feminine),
        parting=_between(rng, -1, 1),
        rest_smile=_between(rng, -0.12, 0.12),
        rest_brow=_between(rng, -0.12, 0.12),
    )
