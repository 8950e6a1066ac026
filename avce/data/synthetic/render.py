"""A picture of a person: pose the parts, frame them, light them, add glasses, background and the camera's faults."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from avce.data.synthetic.background import draw_background
from avce.data.synthetic.expression import Actions, express
from avce.data.synthetic.glasses import draw_glasses
from avce.data.synthetic.head import Part, build
from avce.data.synthetic.identity import Identity
from avce.data.synthetic.landmarks import place
from avce.data.synthetic.nuisance import Nuisance
from avce.data.synthetic.paint import paint
from avce.data.synthetic.raster import Camera, Mesh, draw, grid_normals, grid_triangles
from avce.data.synthetic.skin import bare_atlas

_PIVOT = np.array([0.0, -0.75, -0.25])
_SUPERSAMPLE = 2
_FACE_OUTLINE = np.array(
    [(-0.66, 0.35, 0.45), (0.66, 0.35, 0.45), (-0.7, 0.0, 0.2), (0.7, 0.0, 0.2), (0.0, 0.74, 0.75), (0.0, -0.97, 0.72),
     (-0.5, -0.7, 0.45), (0.5, -0.7, 0.45)]
)  # fmt: skip
"""Points of the head whose bounding box is what a face detector marks: brow to chin, cheek to cheek."""

CROP_MARGIN = 0.25
"""Context on each side of a still, as a share of the box's longer side; as :mod:`avce.faces.crop` cuts."""


@dataclass(frozen=True)
class Picture:
    """A rendered picture.

    Attributes:
        rgb_u8: Shape ``(h, w, 3)``.
        box_xyxy_px: Box of the face, also where it lies beyond the picture.
    """

    rgb_u8: NDArray[np.uint8]
    box_xyxy_px: tuple[float, float, float, float]


def rotation(nuisance: Nuisance) -> NDArray[np.float64]:
    """Roll after pitch after yaw, as a matrix for column vectors."""
    cy, sy = np.cos(nuisance.yaw_rad), np.sin(nuisance.yaw_rad)
    cp, sp = np.cos(nuisance.pitch_rad), np.sin(nuisance.pitch_rad)
    cr, sr = np.cos(nuisance.roll_rad), np.sin(nuisance.roll_rad)
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    pitch = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    roll = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
    return np.asarray(roll @ pitch @ yaw)


def face_outline(identity: Identity, nuisance: Nuisance, chin_drop: float) -> NDArray[np.float64]:
    """Points in space whose projections span the face's box."""
    points = _FACE_OUTLINE * (identity.head_width, 1.0, 1.0)
    points[points[:, 1] < -0.5, 1] = points[points[:, 1] < -0.5, 1] * identity.head_length - 0.8 * chin_drop
    return np.asarray((points - _PIVOT) @ rotation(nuisance).T + _PIVOT)


def box_of(points_px: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Bounding box of points in pixels."""
    (x0, y0), (x1, y1) = points_px.min(0), points_px.max(0)
    return float(x0), float(y0), float(x1), float(y1)


def _moved(
    xyz: NDArray[np.float64], stiffness: NDArray[np.float64], turn: NDArray[np.float64]
) -> NDArray[np.float64]:
    turned = (xyz - _PIVOT) @ turn.T + _PIVOT
    return np.asarray(xyz + stiffness[..., None] * (turned - xyz))


def _posed(parts: list[Part], turn: NDArray[np.float64]) -> Mesh:
    """Stack the parts, turned, into one mesh."""
    rows = sum(part.stiffness.shape[0] for part in parts)
    columns = max(part.stiffness.shape[1] for part in parts)
    xyz = np.zeros((rows, columns, 3))
    normals, uv = np.zeros((rows, columns, 3), np.float32), np.zeros((rows, columns, 2), np.float32)
    triangles, top = [], 0
    for part in parts:
        height, width = part.stiffness.shape
        here = np.s_[top : top + height, :width]
        xyz[here] = _moved(part.xyz, part.stiffness, turn)
        facing = grid_normals(xyz[here])
        normals[here], uv[here] = facing, part.uv
        triangles.append(
            grid_triangles(
                height, width, top * columns, columns, facing[..., 2] > -0.3 if part.closed else None
            )
        )
        top += height
    return Mesh(xyz, normals, uv, np.concatenate(triangles))


def _faults(picture: NDArray[np.float32], nuisance: Nuisance) -> NDArray[np.uint8]:
    """Blur and noise of a camera."""
    blur_px = nuisance.blur_px * max(picture.shape[:2]) / 160
    if blur_px > 0.2:
        picture = cv2.GaussianBlur(picture, (0, 0), blur_px)  # type: ignore[assignment]
    if nuisance.noise > 0:
        rng = np.random.default_rng(nuisance.noise_seed)
        picture = picture + np.float32(nuisance.noise) * rng.standard_normal(picture.shape, np.float32)
    return np.asarray(np.clip(np.rint(picture), 0, 255), np.uint8)


def render(
    identity: Identity,
    actions: Actions,
    nuisance: Nuisance,
    camera: Camera,
    *,
    background: NDArray[np.float32] | None = None,
) -> Picture:
    """Render one person into a given window.

    Args:
        identity: Who.
        actions: What the muscles do, blinks and speech included.
        nuisance: Pose, light and faults; ``shift`` and ``zoom`` are the caller's affair.
        camera: The window in pixels of the result.
        background: Levels of 255, shape ``(h, w, 3)``; drawn from the nuisance's seed when absent.
    """
    marks = place(identity, actions, gaze=nuisance.gaze, rounding=nuisance.speech_round)
    atlas = bare_atlas(identity).copy()
    paint(atlas, identity, actions, marks)
    turn = rotation(nuisance)
    k = _SUPERSAMPLE
    fine = Camera(
        k * camera.width, k * camera.height, k * camera.scale, (k * camera.centre[0], k * camera.centre[1])
    )
    levels, inside = draw(_posed(build(identity, marks), turn), atlas, fine, nuisance.light)
    cover = inside.astype(np.float32)
    draw_glasses(
        levels, cover, identity, lambda at: fine.project(_moved(at, np.ones(len(at)), turn)), fine.scale
    )
    size = (camera.width, camera.height)
    person = cv2.resize(levels, size, interpolation=cv2.INTER_AREA)
    around = 1 - cv2.resize(cover, size, interpolation=cv2.INTER_AREA)[..., None]
    if background is None:
        background = draw_background(nuisance.background_seed, camera.width, camera.height)
    picture = person + around * background
    box = box_of(camera.project(face_outline(identity, nuisance, marks.chin_drop)))
    return Picture(_faults(np.asarray(picture, np.float32), nuisance), box)


def spoken(actions: Actions, nuisance: Nuisance) -> Actions:
    """Add blink and speech to an expression."""
    opened = nuisance.speech_open
    return actions.with_added(blink=nuisance.blink, jaw=0.6 * opened, part=0.6 * opened)


def render_face(
    identity: Identity, valence: float, arousal: float, nuisance: Nuisance | None = None, *, size: int = 160
) -> NDArray[np.uint8]:
    """Render a crop as a face detector with 25 % margin would deliver it.

    Args:
        identity: Who, from :func:`avce.data.synthetic.identity.draw_identity`.
        valence: In [-1, 1].
        arousal: In [-1, 1].
        nuisance: Everything else; a frontal, sharp, well lit picture when absent.
        size: Side of the result in pixels.

    Returns:
        RGB of shape ``(size, size, 3)``, the same bytes for the same arguments.
    """
    nuisance = nuisance or Nuisance()
    actions = spoken(express(valence, arousal, expressivity=identity.expressivity), nuisance)
    unit = Camera(1, 1, 1.0, (0.0, 0.0))
    outline = face_outline(identity, nuisance, 0.17 * actions.jaw)
    x0, y0, x1, y1 = box_of(unit.project(outline))
    side = max(x1 - x0, y1 - y0)
    scale = size * nuisance.zoom / (side * (1 + 2 * CROP_MARGIN))
    middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2]) - np.array(nuisance.shift) * side
    centre = size / 2 - scale * middle
    camera = Camera(size, size, float(scale), (float(centre[0]), float(centre[1])))
    return render(identity, actions, nuisance, camera).rgb_u8
