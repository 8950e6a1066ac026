"""From triangles and atlas to a lit picture: deferred shading on two rasterised buffers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from avce.data.synthetic.atlas import HEIGHT, WIDTH, Atlas
from avce.data.synthetic.nuisance import Light

Array = NDArray[np.float32]

_FAR = 100.0
_LINEAR = ((np.arange(256) / 255.0) ** 2.2).astype(np.float32)
_WRAP = np.array([0.32, 0.2, 0.16], np.float32)
"""How far light creeps round into the shade; red creeps furthest in skin."""


@dataclass(frozen=True)
class Camera:
    """A pinhole on the z axis that looks at the origin; the picture may be any window of its plane.

    Attributes:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        scale: Pixels per unit at the origin.
        centre: Where the origin appears, in pixels.
        distance: From the origin, in units.
    """

    width: int
    height: int
    scale: float
    centre: tuple[float, float]
    distance: float = 7.0

    def project(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixels of points of shape ``(n, 3)``."""
        focus = self.scale * self.distance / (self.distance - points[:, 2])
        return np.column_stack([self.centre[0] + focus * points[:, 0], self.centre[1] - focus * points[:, 1]])

    def to_view(self, points: NDArray[np.float64]) -> Array:
        """Camera coordinates of the rasteriser, sheared so that the window's middle lies on the axis."""
        away = self.distance - points[:, 2]
        focal = self.scale * self.distance
        x = points[:, 0] + (self.centre[0] - self.width / 2) / focal * away
        y = points[:, 1] - (self.centre[1] - self.height / 2) / focal * away
        return np.column_stack([x, y, -away]).astype(np.float32)

    @property
    def field_of_view_rad(self) -> float:
        """Vertical angle of view."""
        return float(2 * np.arctan(self.height / 2 / (self.scale * self.distance)))


@lru_cache(maxsize=32)
def grid_triangles(rows: int, columns: int) -> NDArray[np.int32]:
    """Two triangles per cell of a grid of vertices, shape ``(n, 3)``."""
    i = np.arange(rows * columns).reshape(rows, columns)
    first = np.stack([i[:-1, :-1], i[1:, :-1], i[:-1, 1:]], -1).reshape(-1, 3)
    second = np.stack([i[:-1, 1:], i[1:, :-1], i[1:, 1:]], -1).reshape(-1, 3)
    return np.concatenate([first, second]).astype(np.int32)


def front_triangles(
    triangles: NDArray[np.int32], normals: NDArray[np.float64], *, floor: float = -0.3
) -> NDArray[np.int32]:
    """Leave out the triangles whose three corners clearly face away from the camera."""
    turned = normals[:, 2] > floor
    return triangles[turned[triangles].any(1)]


def grid_normals(xyz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit normals of a grid whose rows run down and whose columns run to the right, seen from outside."""
    down = np.gradient(xyz, axis=0)
    across = np.gradient(xyz, axis=1)
    normals = np.cross(down, across)
    return normals / np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)


def _rasterise(
    view: Array, triangles: NDArray[np.int32], values: Array, camera: Camera
) -> tuple[Array, Array]:
    colours = np.zeros((camera.height, camera.width, 3), np.float32)
    depth = np.full((camera.height, camera.width), _FAR, np.float32)
    settings = cv2.TriangleRasterizeSettings().setCullingMode(cv2.RASTERIZE_CULLING_NONE)
    settings = settings.setShadingType(cv2.RASTERIZE_SHADING_SHADED)
    eye = np.eye(4, dtype=np.float32)[:3]
    cv2.triangleRasterize(
        view, triangles, values, colours, depth, eye, camera.field_of_view_rad, 0.1, _FAR, settings
    )
    return colours, depth


def _lit(normals: Array, albedo: Array, gloss: Array, light: Light) -> Array:
    """Linear light of each pixel: wrapped Lambert, a hemisphere of room light, Blinn's highlight, a faint rim."""
    ce = np.cos(light.elevation_rad)
    lamp = np.array(
        [np.sin(light.azimuth_rad) * ce, np.sin(light.elevation_rad), np.cos(light.azimuth_rad) * ce],
        np.float32,
    )
    facing = normals @ lamp
    diffuse = np.clip((facing[:, None] + _WRAP) / (1 + _WRAP), 0, None)
    sky = 0.72 + 0.28 * normals[:, 1] + 0.25 * np.clip(normals[:, 2], 0, 1)
    half = lamp + np.array([0, 0, 1], np.float32)
    half /= np.linalg.norm(half)
    shine = np.clip(normals @ half, 0, 1) ** 22 * gloss
    rim = np.clip(1 - normals[:, 2], 0, 1) ** 3
    key = np.array(light.colour, np.float32) * np.float32(1.25 * (1 - light.ambient))
    room = np.array(light.ambient_colour, np.float32) * np.float32(light.ambient)
    total = albedo * (diffuse * key + sky[:, None] * room * (1 - 0.35 * rim[:, None]))
    return np.asarray(total + shine[:, None] * 0.42 * key, np.float32)


def _bend(normals: Array, relief: Array, inside: NDArray[np.bool_], texel: float) -> Array:
    """Tilt normals by the slope of the relief, measured in the picture."""
    across = cv2.Sobel(relief, cv2.CV_32F, 1, 0, ksize=3, scale=texel / 8)
    down = cv2.Sobel(relief, cv2.CV_32F, 0, 1, ksize=3, scale=texel / 8)
    bent = normals.copy()
    bent[:, 0] -= np.clip(across[inside], -0.8, 0.8)
    bent[:, 1] += np.clip(down[inside], -0.8, 0.8)
    return bent / np.maximum(np.linalg.norm(bent, axis=1, keepdims=True), 1e-6)


def draw(
    xyz: NDArray[np.float64],
    normals: NDArray[np.float64],
    uv: NDArray[np.float64],
    triangles: NDArray[np.int32],
    atlas: Atlas,
    camera: Camera,
    light: Light,
) -> tuple[Array, NDArray[np.bool_]]:
    """Draw a mesh.

    Args:
        xyz: Vertices, shape ``(n, 3)``.
        normals: Unit vectors, shape ``(n, 3)``.
        uv: Places in the atlas, shape ``(n, 2)``.
        triangles: Shape ``(m, 3)``.
        atlas: The skin.
        camera: The window.
        light: The lamp.

    Returns:
        Linear light of shape ``(h, w, 3)``, 0 where nothing is, and where something is.
    """
    view = camera.to_view(xyz)
    places, depth = _rasterise(
        view, triangles, np.column_stack([uv, np.zeros(len(uv))]).astype(np.float32), camera
    )
    turned, _ = _rasterise(view, triangles, ((normals + 1) / 2).astype(np.float32), camera)
    inside = depth < _FAR
    x, y = places[..., 0] * np.float32(WIDTH), places[..., 1] * np.float32(HEIGHT)
    colour = cv2.remap(atlas.colour, x, y, cv2.INTER_LINEAR)
    gloss = cv2.remap(atlas.gloss, x, y, cv2.INTER_LINEAR)
    relief = cv2.remap(atlas.relief, x, y, cv2.INTER_LINEAR)
    flat = turned[inside] * 2 - 1
    bent = _bend(
        flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6),
        relief,
        inside,
        camera.scale / 200,
    )
    picture = np.zeros((camera.height, camera.width, 3), np.float32)
    picture[inside] = _lit(bent, _LINEAR[colour[inside]], gloss[inside].astype(np.float32) / 255, light)
    return picture, inside
