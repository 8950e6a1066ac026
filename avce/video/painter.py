"""Draw what was found into the pictures of a video: boxes, a dot on the circumplex, and curves. Torch-free."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from avce.video.points import Point, Values
from avce.video.states import FrameState

Rgb = tuple[int, int, int]

TRACK_COLOURS: tuple[Rgb, ...] = (
    (0, 114, 178),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (86, 180, 233),
    (213, 94, 0),
)  # fmt: skip
"""Okabe and Ito's colours, told apart by every eye."""

TRAIL = 25
"""How many values the trail on the circumplex keeps."""
CURVE_S = 10.0
"""How many seconds the curves show, up to the picture they are drawn into."""
LEAST_CURVE_PX = 60
"""In pictures with less room beside the circumplex there are no curves."""
_WHITE, _GREY, _GROUND = (230, 230, 230), (140, 140, 140), (20, 20, 20)
_Sample = tuple[float, Values | None]


class Painter:
    """Draws one predictor's values; remembers the last values of each track for its trail and its curves.

    Args:
        predictor: Which predictor's values to draw.
    """

    def __init__(self, *, predictor: int = 0) -> None:
        self.predictor = predictor
        self._trails: dict[int, deque[Values]] = {}
        self._curves: dict[int, deque[_Sample]] = {}

    def paint(self, frame_rgb_u8: NDArray[np.uint8], points: Iterable[Point]) -> NDArray[np.uint8]:
        """A copy of a picture with its points drawn.

        Args:
            frame_rgb_u8: Shape ``(h, w, 3)``.
            points: The rows of this frame.
        """
        picture = np.ascontiguousarray(frame_rgb_u8).copy()
        unit = max(min(picture.shape[:2]) / 480, 0.4)
        rows = list(points)
        for point in rows:
            self._remember(point)
            if point.box is not None:
                self._paint_box(picture, point, unit)
        self._paint_circumplex(picture, rows)
        if rows:
            self._paint_curves(picture, rows[0].pts_ms, unit)
        return picture

    def _remember(self, point: Point) -> None:
        if point.track is None:
            # Nobody is there: neither trails nor curves may jump over the gap.
            self._trails.clear()
            for curve in self._curves.values():
                curve.append((point.pts_ms, None))
            return
        values = self._values(point)
        if values is not None or point.box is None:
            # A face that was left out on purpose (one frame in n is judged) breaks no curve.
            self._curves.setdefault(point.track, deque()).append((point.pts_ms, values))
        if values is not None:
            self._trails.setdefault(point.track, deque(maxlen=TRAIL)).append(values)
        elif point.box is None:
            self._trails.pop(point.track, None)

    def _values(self, point: Point) -> Values | None:
        return point.values[self.predictor] if point.values else None

    def _paint_box(self, picture: NDArray[np.uint8], point: Point, unit: float) -> None:
        x0, y0, x1, y1 = (round(edge) for edge in point.box or (0, 0, 0, 0))
        is_good = point.state in {FrameState.DETECTED, FrameState.TRACKED}
        colour = _colour(point.track) if is_good else (150, 150, 150)
        cv2.rectangle(picture, (x0, y0), (x1, y1), colour, max(round(2 * unit), 1), cv2.LINE_AA)
        values = self._values(point)
        text = f"#{point.track}"
        text += f"  V {values[0]:+.2f}  A {values[1]:+.2f}" if values else f"  {point.state.value}"
        place = (x0, y0 - round(6 * unit) if y0 > 20 * unit else y1 + round(18 * unit))
        (width, height), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.5 * unit, 1)
        corners = (place[0] - 2, place[1] - height - 3), (place[0] + width + 3, place[1] + below)
        cv2.rectangle(picture, *corners, _GROUND, -1)
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5 * unit, _WHITE, 1, cv2.LINE_AA)

    def _paint_circumplex(self, picture: NDArray[np.uint8], points: list[Point]) -> None:
        """Plane of valence (to the right) and arousal (up) in the lower right corner."""
        height, width = picture.shape[:2]
        radius = round(min(height, width) * 0.14)
        if radius < 8:
            return
        centre = (width - radius - radius // 4, height - radius - radius // 4)
        shaded = picture.copy()
        cv2.circle(shaded, centre, radius + 2, (20, 20, 20), -1, cv2.LINE_AA)
        cv2.addWeighted(shaded, 0.6, picture, 0.4, 0, dst=picture)
        cv2.circle(picture, centre, radius, (230, 230, 230), 1, cv2.LINE_AA)
        for x, y in ((radius, 0), (0, radius)):
            ends = (centre[0] - x, centre[1] - y), (centre[0] + x, centre[1] + y)
            cv2.line(picture, *ends, (140, 140, 140), 1, cv2.LINE_AA)
        for point in points:
            values = self._values(point)
            if point.track is None or values is None:
                continue
            trail = [
                (round(centre[0] + radius * v), round(centre[1] - radius * a))
                for v, a in self._trails[point.track]
            ]
            cv2.polylines(picture, [np.array(trail, np.int32)], False, _colour(point.track), 1, cv2.LINE_AA)  # noqa: FBT003
            cv2.circle(picture, trail[-1], max(radius // 12, 2), _colour(point.track), -1, cv2.LINE_AA)

    def _paint_curves(self, picture: NDArray[np.uint8], now_ms: float, unit: float) -> None:
        """Valence above arousal over the last seconds, from the lower left corner to the circumplex."""
        height, width = picture.shape[:2]
        radius = round(min(height, width) * 0.14)
        left, right, bottom = radius // 4, width - 2 * radius - radius // 2, height - radius // 4
        if right - left < LEAST_CURVE_PX or radius < 8:
            return
        shaded = picture.copy()
        cv2.rectangle(shaded, (left, bottom - 2 * radius), (right, bottom), _GROUND, -1)
        cv2.addWeighted(shaded, 0.6, picture, 0.4, 0, dst=picture)
        for curve in self._curves.values():
            while curve and curve[0][0] < now_ms - 1000 * CURVE_S:
                curve.popleft()
        half = radius / 2
        for axis, name in enumerate(("V", "A")):
            middle = bottom - 2 * radius + half * (1 + 2 * axis)
            cv2.line(picture, (left, round(middle)), (right, round(middle)), _GREY, 1, cv2.LINE_AA)
            for track, curve in self._curves.items():
                for part in _unbroken(curve):
                    x = [right - (now_ms - ms) / (1000 * CURVE_S) * (right - left) for ms, _ in part]
                    y = [middle - 0.9 * half * values[axis] for _, values in part]
                    line = np.round(np.stack([x, y], axis=1)).astype(np.int32)
                    cv2.polylines(picture, [line], False, _colour(track), max(round(unit), 1), cv2.LINE_AA)  # noqa: FBT003
            cv2.putText(
                picture, name, (left + 3, round(middle - half * 0.45)), cv2.FONT_HERSHEY_SIMPLEX, 0.4 * unit, _WHITE, 1,
                cv2.LINE_AA,
            )  # fmt: skip


def _unbroken(curve: Iterable[_Sample]) -> list[list[tuple[float, Values]]]:
    """Stretches without a gap."""
    parts: list[list[tuple[float, Values]]] = [[]]
    for ms, values in curve:
        if values is not None:
            parts[-1].append((ms, values))
        elif parts[-1]:
            parts.append([])
    return [part for part in parts if part]


def _colour(track: int | None) -> Rgb:
    return TRACK_COLOURS[((track or 1) - 1) % len(TRACK_COLOURS)]
