"""What a person's atlas holds before the face moves: skin, strands of hair, ears, neck, cloth."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from avce.data.synthetic.atlas import (
    CLOTH,
    EAR,
    FACE,
    HAIR,
    HEIGHT,
    NECK,
    WIDTH,
    Atlas,
    Mask,
    Region,
    shade,
    spot,
    tint,
)
from avce.data.synthetic.head import hairline
from avce.data.synthetic.identity import Hair, Identity
from avce.data.synthetic.landmarks import SIDES, eye_centre, shifted

Field = NDArray[np.float32]


def clouds(
    rng: np.random.Generator, shape: tuple[int, int], sizes_px: tuple[tuple[float, float], ...]
) -> Field:
    """Sum of blurred white noises, each of unit variance, over (vertical, horizontal) sizes; mean 0."""
    total = np.zeros(shape, np.float32)
    for down, across in sizes_px:
        # Coarse noise is drawn on a coarse grid: the look is the same and the cost a fraction.
        y_step, x_step = max(1, int(down / 2)), max(1, int(across / 2))
        noise = rng.standard_normal((shape[0] // y_step, shape[1] // x_step), np.float32)
        noise = _blur_round(noise, down / y_step, across / x_step)
        noise = cv2.resize(noise, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
        total += noise / max(float(noise.std()), 1e-6)
    return total / np.float32(np.sqrt(len(sizes_px)))


def _blur_round(noise: Field, down: float, across: float) -> Field:
    """Blur as if the picture went on at its opposite side."""
    pad = int(3 * max(down, across)) + 1
    wide = cv2.copyMakeBorder(noise, pad, pad, pad, pad, cv2.BORDER_WRAP)
    return np.asarray(
        cv2.GaussianBlur(wide, (0, 0), sigmaX=across, sigmaY=down)[pad:-pad, pad:-pad], np.float32
    )


def _put(atlas: Atlas, region: Region, colour: NDArray[np.float64] | NDArray[np.float32]) -> None:
    atlas.colour[region.slices] = np.clip(np.rint(colour), 0, 255).astype(np.uint8)


def _face(atlas: Atlas, identity: Identity, rng: np.random.Generator) -> None:
    skin = np.array(identity.skin, np.float32)
    shape = (FACE.height, FACE.width)
    mottle = clouds(rng, shape, ((24, 24), (7, 7)))
    pores = clouds(rng, shape, ((1.1, 1.1),))
    strength = 0.018 + 0.02 * identity.age
    colour = skin * (
        1 + strength * mottle[..., None] * np.array([0.7, 1.0, 1.1], np.float32) + 0.014 * pores[..., None]
    )
    _put(atlas, FACE, colour)
    atlas.gloss[FACE.slices] = np.clip(72 + 12 * pores, 0, 255).astype(np.uint8)
    atlas.relief[FACE.slices] = (0.04 + 0.1 * identity.age) * pores
    _freckles(atlas, identity, rng)
    blush = (1.06, 0.9, 0.9)
    for side in SIDES:
        shade(atlas, spot(np.array([side * 0.4, -0.24]), (0.17, 0.13)), blush)
        around = eye_centre(identity, side)
        shade(atlas, spot(shifted(around, 0, 0.03), (0.2, 0.13)), (0.86, 0.8, 0.8))
        shade(atlas, spot(shifted(around, 0, -0.1), (0.12, 0.04)), (0.92 - 0.1 * identity.age,) * 3)
    shade(atlas, spot(np.array([0, -0.37]), (0.11, 0.09)), (1.04, 0.91, 0.9))
    if identity.hair is not Hair.BALD:
        _roots(atlas, identity, rng)


def _roots(atlas: Atlas, identity: Identity, rng: np.random.Generator) -> None:
    """Hair's colour fading into the skin, so that the hairline is no cut."""
    x = FACE.x0 + np.arange(FACE.width) / FACE.scale
    y = FACE.y1 - np.arange(FACE.height) / FACE.scale
    along = np.abs(x) / (0.765 * identity.head_width)
    azimuth = np.where(
        along < np.sin(0.9), np.arcsin(np.clip(along, 0, 0.99)), 0.9 + (along - np.sin(0.9)) / np.cos(0.9)
    )
    line = hairline(identity, azimuth * np.sign(x))
    ragged = 0.02 * clouds(rng, (FACE.height, FACE.width), ((6, 1.2),))
    cover = np.clip((y[:, None] - line + 0.045 + ragged) / 0.08, 0, 1).astype(np.float32)
    tint(atlas, Mask(*FACE.slices, cover), identity.hair_colour, 0.7)


def _freckles(atlas: Atlas, identity: Identity, rng: np.random.Generator) -> None:
    for _ in range(round(70 * identity.freckles)):
        at = np.array([rng.normal(0, 0.33), -0.2 + rng.normal(0, 0.16)])
        shade(atlas, spot(at, (rng.uniform(0.006, 0.012),) * 2), (0.84, 0.74, 0.66))
    for _ in range(rng.poisson(0.7)):
        at = np.array([rng.uniform(-0.55, 0.55), rng.uniform(-0.9, 0.5)])
        shade(atlas, spot(at, (0.009, 0.009)), (0.5, 0.4, 0.38))


def _strands(atlas: Atlas, identity: Identity, rng: np.random.Generator) -> None:
    shape = (HAIR.height, HAIR.width)
    if identity.hair in {Hair.BUZZ, Hair.CURLY}:
        grain = clouds(rng, shape, ((1.0, 1.0), (2.5, 2.5)))
    else:
        grain = clouds(rng, shape, ((28, 0.8), (40, 2.0), (30, 6.0)))
    colour = np.array(identity.hair_colour, np.float32) * (1 + 0.2 * grain[..., None])
    _put(atlas, HAIR, colour)
    atlas.relief[HAIR.slices] = 0.9 * grain
    atlas.gloss[HAIR.slices] = 30 if identity.hair is Hair.BUZZ else 80


def _ear(atlas: Atlas, identity: Identity) -> None:
    y, x = np.mgrid[0 : EAR.height, 0 : EAR.width] / EAR.height
    shell = np.exp(-(((x - 0.58) / 0.2) ** 2) - ((y - 0.5) / 0.27) ** 2)
    groove = np.exp(-(((np.hypot((x - 0.52) * 1.25, y - 0.46) - 0.33) / 0.045) ** 2))
    dark = (1 - 0.45 * shell) * (1 - 0.2 * groove)
    _put(atlas, EAR, np.array(identity.skin) * np.array([1.0, 0.9, 0.88]) * dark[..., None])
    atlas.relief[EAR.slices] = (-3.5 * shell - 2.0 * groove).astype(np.float32)
    atlas.gloss[EAR.slices] = 80


def _neck_and_cloth(atlas: Atlas, identity: Identity, rng: np.random.Generator) -> None:
    down = np.linspace(0, 1, NECK.height)[:, None, None]
    # The head's shadow, painted: the light model knows no cast shadows.
    shadow = 0.42 + 0.5 * np.clip((down - 0.25) / 0.45, 0, 1)
    grain = clouds(rng, (NECK.height, NECK.width), ((9, 9),))[..., None]
    _put(atlas, NECK, np.array(identity.skin) * np.array([1.0, 0.97, 0.96]) * shadow * (1 + 0.02 * grain))
    atlas.gloss[NECK.slices] = 50
    weave = clouds(rng, (CLOTH.height, CLOTH.width), ((1, 1), (6, 14)))[..., None]
    rows = np.linspace(0, 1, CLOTH.height)[:, None, None]
    stripes = 1 - 0.22 * (rng.random() < 0.3) * (np.sin(rows * rng.uniform(40, 120)) > 0)
    cloth = np.array(identity.cloth) * (1 + 0.06 * weave) * stripes * (0.72 + 0.28 * np.clip(rows * 5, 0, 1))
    neckline = (rows < rng.uniform(0.03, 0.2)) & (rng.random() < 0.7)
    _put(atlas, CLOTH, np.where(neckline, np.array(identity.skin) * 0.93, cloth))
    atlas.gloss[CLOTH.slices] = 20


@lru_cache(maxsize=16)
def bare_atlas(identity: Identity) -> Atlas:
    """The person's atlas without eyes, brows, mouth and beard. Cached: copy before painting."""
    rng = np.random.default_rng(identity.seed)
    atlas = Atlas(
        np.zeros((HEIGHT, WIDTH, 3), np.uint8),
        np.zeros((HEIGHT, WIDTH), np.uint8),
        np.zeros((HEIGHT, WIDTH), np.float32),
    )
    _face(atlas, identity, rng)
    _strands(atlas, identity, rng)
    _ear(atlas, identity)
    _neck_and_cloth(atlas, identity, rng)
    return atlas
