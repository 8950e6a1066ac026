"""The body as triangles: head with face, hair, ears, neck, shoulders.

Every part is a grid of vertices with a place in the atlas (see :mod:`avce.data.synthetic.atlas`). Coordinates: x to
the picture's right, y up, z to the camera; unit as in :mod:`avce.data.synthetic.landmarks`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from avce.data.synthetic.atlas import CLOTH, EAR, FACE, HAIR, NECK
from avce.data.synthetic.identity import Hair, Identity
from avce.data.synthetic.landmarks import SIDES, Landmarks, eye_centre

Grid = NDArray[np.float64]

_COLUMNS, _ROWS = 97, 105


@dataclass(frozen=True)
class Part:
    """A grid of vertices.

    Attributes:
        xyz: Shape ``(rows, columns, 3)``.
        uv: Place in the atlas in its pixels, shape ``(rows, columns, 2)``.
        stiffness: 1 where the part follows the head, 0 where it follows the body; shape ``(rows, columns)``.
        closed: Whether its far side is always hidden.
    """

    xyz: Grid
    uv: Grid
    stiffness: Grid
    closed: bool = True


def _angles() -> tuple[Grid, Grid]:
    """Azimuth (0 in front) and latitude of the head's grid, denser in front."""
    q = np.linspace(-1, 1, _COLUMNS)
    latitude = np.linspace(np.pi / 2, -np.pi / 2, _ROWS)
    azimuth, grid_latitude = np.meshgrid(np.pi * (0.45 * q + 0.55 * q**3), latitude)
    return azimuth, grid_latitude


def _smooth(x: Grid) -> Grid:
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


@dataclass(frozen=True)
class _Skull:
    """The head without a face: surface points and their flat coordinates."""

    xyz: Grid
    flat: Grid
    azimuth: Grid
    latitude: Grid


@lru_cache(maxsize=64)
def _skull(identity: Identity) -> _Skull:
    azimuth, latitude = _angles()
    s, c = np.sin(latitude), np.clip(np.cos(latitude), 0, 1)
    y = 0.06 + np.where(s > 0, 1.1, 1.08 * identity.head_length) * s
    below = np.clip((0.06 - y) / 1.08, 0, 1) ** 2.6
    taper = 1 - (0.43 + 0.06 * identity.feminine - 0.5 * (identity.jaw_width - 1)) * below
    width = 0.765 * identity.head_width * np.where(s > 0, c**0.82, c**0.5) * taper
    front = 0.86 * np.where(s > 0, c**0.72, c**0.34) * (1 - 0.06 * below)
    back = 1.0 * np.where(s > 0, c**0.75, c**0.9) * (1 - 0.35 * below)
    forward = np.cos(azimuth)
    depth = np.where(forward > 0, front * np.abs(forward) ** 0.85, -back * np.abs(forward) ** 0.85)
    # From .9 rad on the flat coordinate follows the arc, so that temples and cheeks are not smeared.
    turn = np.abs(azimuth)
    along = np.where(turn < 0.9, np.sin(turn), np.sin(0.9) + np.cos(0.9) * (turn - 0.9)) * np.sign(azimuth)
    xyz = np.stack([width * np.sin(azimuth), y, depth], -1)
    return _Skull(xyz, np.stack([width * along, y], -1), azimuth, latitude)


def _bump(x: Grid, y: Grid, centre: tuple[float, float], sizes: tuple[float, float]) -> Grid:
    return np.asarray(np.exp(-(((x - centre[0]) / sizes[0]) ** 2) - ((y - centre[1]) / sizes[1]) ** 2))


def _nose(x: Grid, y: Grid, identity: Identity, marks: Landmarks) -> Grid:
    tip, half = marks.nose_y, marks.nose_half_width
    profile = np.interp(
        y, [tip - 0.11, tip - 0.06, tip, tip + 0.08, 0.02, 0.16, 0.3], [0, 0.09, 0.25, 0.22, 0.1, 0.05, 0]
    )
    spread = np.interp(y, [tip, 0.1, 0.3], [0.115, 0.1, 0.16])
    nose = identity.nose_height * profile * np.exp(-((x / spread) ** 2))
    nose += 0.05 * _bump(x, y, (0, tip - 0.005), (0.09 * identity.nose_width, 0.07))
    for side in SIDES:
        nose += 0.13 * _bump(x, y, (side * 0.72 * half, tip - 0.03), (0.45 * half, 0.07))
    return nose


def _features(x: Grid, y: Grid, identity: Identity, marks: Landmarks) -> Grid:
    """How far the face stands out of the skull, in z."""
    male = 1 - identity.feminine
    relief = _nose(x, y, identity, marks)
    chin_y = -0.9 * identity.head_length - marks.chin_drop
    mouth_y = float(marks.mouth.upper[14, 1] + marks.mouth.lower[14, 1]) / 2
    for side in SIDES:
        ex, ey = eye_centre(identity, side)
        relief -= 0.15 * _bump(x, y, (ex, ey + 0.02), (0.2, 0.13))
        relief += 0.075 * _bump(x, y, (ex, ey), (0.13, 0.1))
        relief += (0.02 + 0.035 * male) * _bump(x, y, (0.85 * ex, 0.25), (0.2, 0.07))
        lift = marks.cheek_lift
        relief += (0.035 + 0.05 * identity.cheekbones + 0.7 * lift) * _bump(
            x, y, (side * 0.43, -0.24 + lift), (0.2, 0.17)
        )
        relief -= 0.03 * _bump(x, y, (side * 0.5, -0.6), (0.16, 0.2))
        corner = marks.mouth.upper[0 if side < 0 else -1]
        relief -= 0.03 * _bump(x, y, (corner[0], corner[1]), (0.06, 0.06))
    relief += 0.07 * _bump(x, y, (0, mouth_y + 0.02), (0.3, 0.22))
    relief -= 0.035 * _bump(x, y, (0, (marks.mouth.bottom[14, 1] * 0.65 + chin_y * 0.35)), (0.18, 0.05))
    relief += (0.075 + 0.02 * identity.chin) * _bump(x, y, (0, chin_y), (0.17, 0.12))
    for curve, height, size in ((marks.mouth.top, 0.022, 0.05), (marks.mouth.bottom, 0.03, 0.055)):
        ridge = np.interp(x, curve[:, 0], curve[:, 1] + (-0.03 if curve is marks.mouth.top else 0.035))
        inside = np.clip(1 - (x / max(curve[-1, 0], 0.05)) ** 2, 0, 1)
        relief += height * identity.lip_fullness * inside * np.exp(-(((y - ridge) / size) ** 2))
    return relief


def _head(identity: Identity, marks: Landmarks) -> Part:
    skull = _skull(identity)
    flat = skull.flat.copy()
    xyz = skull.xyz.copy()
    drop = marks.chin_drop * _smooth((-0.45 - flat[..., 1]) / 0.35)
    front = _smooth((np.cos(skull.azimuth) + 0.2) / 0.7)
    flat[..., 1] -= drop * front
    xyz[..., 1] -= drop * front
    xyz[..., 2] += front * _features(flat[..., 0], flat[..., 1], identity, marks)
    xyz[..., 2] -= front * 0.5 * drop
    return Part(xyz, FACE.uv(flat), np.ones(flat.shape[:2]))


_LINE_AT = (0, 0.55, 0.95, 1.15, 1.3, 1.42, 1.56, 1.85, 2.05, np.pi)
"""Azimuths at which the hairline's height is given; the ears lie between 1.5 and 1.85."""


def hairline(identity: Identity, azimuth: Grid) -> Grid:
    """Height of the hair's lower edge at each azimuth, in the face's plane."""
    turn = np.abs(azimuth)
    front = {Hair.FRINGE: 0.45, Hair.BUZZ: 0.74, Hair.BALD: 2.5}.get(identity.hair, 0.7) + identity.hairline
    burns = {Hair.LONG: -0.1, Hair.FULL: 0.0, Hair.FRINGE: 0.0}.get(identity.hair, 0.1)
    ears = -0.35 if identity.hair in {Hair.LONG, Hair.FULL} else 0.2
    heights = (front, front - 0.02, front - 0.17, 0.3, burns, burns, ears, ears, -0.35, -0.6)
    line = np.interp(turn, _LINE_AT, heights)
    line += 0.03 * identity.parting * np.sin(2.3 * azimuth) + 0.012 * np.sin(
        17 * azimuth + 5 * identity.parting
    )
    if identity.hair is Hair.FRINGE:
        strands = 0.03 * np.sin(9 * azimuth + 4 * identity.parting) + 0.02 * np.sin(23 * azimuth)
        line += strands + 0.12 * identity.parting * azimuth
    return np.asarray(line)


def _waves(skull: _Skull, frequencies: tuple[int, ...], rng: np.random.Generator) -> Grid:
    """A smooth random field on the skull, about within [-1, 1]."""
    total: Grid = np.zeros_like(skull.azimuth)
    for around in frequencies:
        for down in (0, 0.7 * around, 1.4 * around):
            total += rng.normal(0, 1) * np.sin(
                around * skull.azimuth + down * skull.latitude + rng.uniform(0, 6)
            )
    return np.asarray(np.clip(total / np.sqrt(3 * len(frequencies)), -1, 1))


@lru_cache(maxsize=64)
def _hair(identity: Identity) -> Part | None:
    """A shell that dives below the skin outside the hairline: the depth buffer cuts the edge."""
    if identity.hair is Hair.BALD:
        return None
    skull = _skull(identity)
    inside = skull.flat[..., 1] - hairline(identity, skull.azimuth)
    volumes = {Hair.BUZZ: 0.02, Hair.FULL: 0.16, Hair.CURLY: 0.2, Hair.FRINGE: 0.09, Hair.LONG: 0.09}
    rng = np.random.default_rng(identity.seed)
    rough = (2, 5, 9, 14, 19) if identity.hair is Hair.CURLY else (1, 2, 3, 5, 8)
    thick = identity.hair_volume * volumes.get(identity.hair, 0.1) * (1 + 0.4 * _waves(skull, rough, rng))
    over = thick * _smooth(inside / 0.45) - 0.1 * np.clip(-inside / 0.1, 0, 1) + 0.004
    xyz = skull.xyz * (1 + over)[..., None]
    xyz[..., 1] += 0.25 * over
    uv = HAIR.uv01(np.stack([0.5 + skull.azimuth / (2 * np.pi), 0.5 - skull.latitude / np.pi], -1))
    return Part(xyz, uv, np.ones(uv.shape[:2]))


@lru_cache(maxsize=64)
def _curtain(identity: Identity) -> Part | None:
    """Long hair from the temples down to the shoulders."""
    if identity.hair is not Hair.LONG:
        return None
    rng = np.random.default_rng(identity.seed + 1)
    down, around = np.meshgrid(np.linspace(0, 1, 24), np.linspace(1.25, 2 * np.pi - 1.25, 73), indexing="ij")
    phase, length = rng.uniform(0, 6), rng.uniform(0.9, 1.9)
    wave = 0.025 * np.sin(13 * around + 3 * down + phase) + 0.03 * np.sin(
        5 * down * rng.uniform(0.5, 1.5) + phase
    )
    swell = np.interp(down, [0, 0.3, 0.7, 1], [-0.09, 0.03, 0.09, 0.02])
    radius = 0.84 * identity.head_width * (1 + identity.hair_volume * swell + wave * down)
    x = radius * np.sin(around)
    z = radius * np.cos(around) - 0.12
    y = 0.42 - length * down - 0.05 * np.sin(7 * around + phase) * down
    uv = HAIR.uv01(np.stack([around / (2 * np.pi), 0.25 + 0.7 * down], -1))
    return Part(np.stack([x, y, z], -1), uv, 1 - 0.75 * _smooth(down), closed=False)


@lru_cache(maxsize=64)
def _ears(identity: Identity) -> list[Part]:
    parts = []
    for side in SIDES:
        theta, phi = np.meshgrid(np.linspace(0, 2 * np.pi, 25), np.linspace(0, np.pi, 17))
        size = identity.ear_size
        a, b, c = np.sin(phi) * np.cos(theta), np.cos(phi), np.sin(phi) * np.sin(theta)
        x = side * (
            0.785 * identity.head_width + 0.05 * size * a - 0.015 * np.tanh(6 * c) - 0.05 * c + 0.04 * b
        )
        y = -0.06 + size * 0.23 * b
        z = -0.12 + size * (0.14 * c + 0.03 * b) * (1 + 0.25 * b)
        uv = EAR.uv01(np.stack([0.5 + 0.48 * c * (0.8 + 0.2 * b), 0.5 - 0.48 * b], -1))
        # Mirroring turns a surface inside out; running through the columns backwards turns it back.
        order = np.s_[:, ::-side]
        parts.append(Part(np.stack([x, y, z], -1)[order], uv[order], np.ones(x.shape)))
    return parts


@lru_cache(maxsize=64)
def _body(identity: Identity) -> list[Part]:
    """Neck and shoulders."""
    around, down = np.meshgrid(np.linspace(-np.pi, np.pi, 49), np.linspace(0, 1, 25))
    girth = 0.43 * identity.head_width * (1.03 - 0.14 * identity.feminine)
    flare = 1 + 0.1 * _smooth((down - 0.5) / 0.5)
    x, z = girth * flare * np.sin(around), 0.36 * np.cos(around) - 0.25
    y = -0.45 - 1.05 * down
    uv = NECK.uv01(np.stack([0.5 + around / (2 * np.pi), down], -1))
    neck = Part(np.stack([x, y, z], -1), uv, 1 - _smooth(down / 0.8))

    around, down = np.meshgrid(np.linspace(-np.pi, np.pi, 61), np.linspace(0, 1, 33))
    out = np.sin(down * np.pi / 2)
    sine, cosine = np.sin(around), np.cos(around)
    x = (0.38 + 1.25 * out) * np.sign(sine) * np.abs(sine) ** 0.8
    z = (0.38 + 0.42 * out) * np.sign(cosine) * np.abs(cosine) ** 0.8 - 0.17
    slope = 0.62 * down + 2.4 * np.clip(down - 0.7, 0, 1) ** 1.5
    y = -1.13 - slope - 0.25 * np.clip(cosine, 0, 1) * (1 - 0.6 * down)
    uv = CLOTH.uv01(np.stack([0.5 + around / (2 * np.pi), down], -1))
    return [neck, Part(np.stack([x, y, z], -1), uv, np.zeros(x.shape))]


def build(identity: Identity, marks: Landmarks) -> list[Part]:
    """All parts of a person with the given face, looking straight ahead."""
    optional = [_hair(identity), _curtain(identity)]
    return [_head(identity, marks), *_ears(identity), *_body(identity), *(part for part in optional if part)]
