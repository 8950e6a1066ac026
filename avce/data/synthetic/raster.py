"""From triangles and atlas to a lit picture: deferred shading on two rasterised buffers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from avce.data.synthetic.atlas import FACE, Atlas
from avce.data.synthetic.nuisance import Light

Array = NDArray[np.float32]

_FAR = 100.0
_LINEAR = ((np.arange(256) / 255.0) ** 2).astype(np.float32)
"""Levels to light; the square stands for sRGB's curve, its root is cheap."""
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


@lru_cache(maxsize=64)
def _cells(rows: int, columns: int, start: int, stride: int) -> NDArray[np.int32]:
    i = start + stride * np.arange(rows)[:, None] + np.arange(columns)
    first = np.stack([i[:-1, :-1], i[1:, :-1], i[:-1, 1:]], -1)
    second = np.stack([i[:-1, 1:], i[1:, :-1], i[1:, 1:]], -1)
    return np.stack([first, second], 2).astype(np.int32)


def grid_triangles(
    rows: int, columns: int, start: int, stride: int, seen: NDArray[np.bool_] | None = None
) -> NDArray[np.int32]:
    """Two triangles per cell of a grid within a stack.

    Args:
        rows: Of the grid.
        columns: Of the grid.
        start: Index of its first vertex.
        stride: From one row to the next.
        seen: Which vertices may face the camera, shape ``(rows, columns)``; cells without any are left out.

    Returns:
        Indices, shape ``(n, 3)``.
    """
    cells = _cells(rows, columns, start, stride)
    if seen is None:
        return cells.reshape(-1, 3)
    kept = seen[:-1, :-1] | seen[1:, :-1] | seen[:-1, 1:] | seen[1:, 1:]
    return cells[kept].reshape(-1, 3)


def grid_normals(xyz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit normals of a grid whose rows run down and whose columns run to the right, seen from outside."""
    down = np.gradient(xyz, axis=0)
    across = np.gradient(xyz, axis=1)
    normals = np.cross(down, across)
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9))


@dataclass(frozen=True)
class Mesh:
    """Grids of vertices, stacked so that any property of a vertex can be looked up by its place in the stack.

    Attributes:
        xyz: Shape ``(rows, columns, 3)``; narrower grids are padded on the right.
        normals: Unit vectors, same shape, float32.
        uv: Places in the atlas, in its pixels, shape ``(rows, columns, 2)``, float32.
        triangles: Indices of the flattened stack, shape ``(m, 3)``.
    """

    xyz: NDArray[np.float64]
    normals: Array
    uv: Array
    triangles: NDArray[np.int32]


def _places(mesh: Mesh, camera: Camera) -> tuple[Array, Array, NDArray[np.bool_]]:
    """For every pixel the column and row of the stack that it shows, and whether it shows any.

    One rasterised buffer is enough: everything else is looked up by these places, far cheaper than a second pass.
    """
    rows, columns = mesh.xyz.shape[:2]
    view = camera.to_view(mesh.xyz.reshape(-1, 3))
    y, x = np.mgrid[0:rows, 0:columns]
    values = np.stack([x / columns, y / rows, np.zeros(x.shape)], -1).reshape(-1, 3).astype(np.float32)
    buffer = np.zeros((camera.height, camera.width, 3), np.float32)
    depth = np.full((camera.height, camera.width), _FAR, np.float32)
    settings = cv2.TriangleRasterizeSettings().setCullingMode(cv2.RASTERIZE_CULLING_NONE)
    settings = settings.setShadingType(cv2.RASTERIZE_SHADING_SHADED)
    eye = np.eye(4, dtype=np.float32)[:3]
    angle = camera.field_of_view_rad
    cv2.triangleRasterize(view, mesh.triangles, values, buffer, depth, eye, angle, 0.1, _FAR, settings)
    return buffer[..., 0] * np.float32(columns), buffer[..., 1] * np.float32(rows), depth < _FAR


def _power_22(x: Array) -> Array:
    """The 22nd power by squaring; numpy's power takes ten times as long."""
    x2 = x * x
    x4 = x2 * x2
    x16 = x4 * x4
    x16 = x16 * x16
    return np.asarray(x16 * x4 * x2)


def _lit(normals: Array, albedo: Array, gloss: Array, light: Light) -> Array:
    """Linear light of each pixel: wrapped Lambert, a hemisphere of room light, Blinn's highlight, a faint rim."""
    level = np.cos(light.elevation_rad)
    lamp = np.array(
        [np.sin(light.azimuth_rad) * level, np.sin(light.elevation_rad), np.cos(light.azimuth_rad) * level],
        np.float32,
    )
    half = lamp + np.array([0, 0, 1], np.float32)
    half /= np.linalg.norm(half)
    key = np.array(light.colour, np.float32) * np.float32(1.25 * (1 - light.ambient))
    room = np.array(light.ambient_colour, np.float32) * np.float32(light.ambient)

    height, forward = normals[:, 1], np.clip(normals[:, 2], 0, 1)
    edge = 1 - forward
    sky = (0.72 + 0.28 * height + 0.25 * forward) * (1 - 0.35 * edge * edge * edge)
    facing = normals @ lamp
    shine = 0.42 * gloss * _power_22(np.clip(normals @ half, 0, 1))
    total = np.empty_like(albedo)
    for channel, wrap in enumerate(_WRAP):
        diffuse = np.maximum(facing + wrap, 0) * (key[channel] / (1 + wrap))
        total[:, channel] = albedo[:, channel] * (diffuse + sky * room[channel]) + shine * key[channel]
    return total


def _bend(normals: Array, relief: Array, inside: NDArray[np.intp], texel: float) -> Array:
    """Tilt normals by the slope of the relief, measured in the picture."""
    across = cv2.Sobel(relief, cv2.CV_32F, 1, 0, ksize=3, scale=texel / 8)
    down = cv2.Sobel(relief, cv2.CV_32F, 0, 1, ksize=3, scale=texel / 8)
    bent = normals.copy()
    bent[:, 0] -= np.clip(across.ravel()[inside], -0.8, 0.8)
    bent[:, 1] += np.clip(down.ravel()[inside], -0.8, 0.8)
    length = np.sqrt(np.einsum("ij,ij->i", bent, bent))
    return np.asarray(bent / np.maximum(length, 1e-6)[:, None], np.float32)


def _develop(linear: Array) -> Array:
    """Linear light to levels of 255 with a soft shoulder."""
    over = np.maximum(linear - np.float32(0.7), 0)
    soft = np.minimum(linear, np.float32(0.7)) + over / (1 + over / np.float32(0.3))
    return np.asarray(255 * np.sqrt(soft), np.float32)


def _window(inside: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Rows and columns that hold something; one pixel where nothing does."""
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    if not len(rows):
        return slice(0, 1), slice(0, 1)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def draw(mesh: Mesh, atlas: Atlas, camera: Camera, light: Light) -> tuple[Array, NDArray[np.bool_]]:
    """Draw a mesh.

    Args:
        mesh: What.
        atlas: Its skin.
        camera: The window.
        light: The lamp.

    Returns:
        Levels of 255 of shape ``(h, w, 3)``, 0 where nothing is, and where something is.
    """
    column, row, inside = _places(mesh, camera)
    window = _window(inside)
    column, row = np.ascontiguousarray(column[window]), np.ascontiguousarray(row[window])
    shown = np.flatnonzero(inside[window])
    turned = np.asarray(cv2.remap(mesh.normals, column, row, cv2.INTER_LINEAR), np.float32)
    uv = cv2.remap(mesh.uv, column, row, cv2.INTER_LINEAR)
    x, y = np.ascontiguousarray(uv[..., 0]), np.ascontiguousarray(uv[..., 1])
    colour = cv2.remap(atlas.colour, x, y, cv2.INTER_LINEAR)
    gloss = cv2.remap(atlas.gloss, x, y, cv2.INTER_LINEAR)
    relief = np.asarray(cv2.remap(atlas.relief, x, y, cv2.INTER_LINEAR), np.float32)

    bent = _bend(turned.reshape(-1, 3)[shown], relief, shown, camera.scale / FACE.scale)
    albedo = np.asarray(_LINEAR[colour.reshape(-1, 3)[shown]], np.float32)
    shiny = np.asarray(gloss.ravel()[shown], np.float32) / np.float32(255)
    lit = np.zeros((x.size, 3), np.float32)
    lit[shown] = _develop(_lit(bent, albedo, shiny, light) * np.float32(light.exposure))
    picture = np.zeros((camera.height, camera.width, 3), np.float32)
    picture[window] = lit.reshape(*x.shape, 3)
    return picture, inside
