"""Geometry of boxes: left, top, right, bottom in pixels; right and bottom are exclusive."""

from __future__ import annotations

Box = tuple[float, float, float, float]


def iou(first: Box, second: Box) -> float:
    """Area of the intersection of two boxes over the area of their union, 0 to 1."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / (area(first) + area(second) - both)


def area(box: Box) -> float:
    """Square pixels."""
    return (box[2] - box[0]) * (box[3] - box[1])


def scaled(box: Box, scale: float) -> Box:
    """The same box in a picture whose sides are ``scale`` times as long."""
    return box[0] * scale, box[1] * scale, box[2] * scale, box[3] * scale


def distance(first: Box, second: Box) -> float:
    """Between the centres, in pixels."""
    x = (first[0] + first[2] - second[0] - second[2]) / 2
    y = (first[1] + first[3] - second[1] - second[3]) / 2
    return float((x * x + y * y) ** 0.5)


def long_side(box: Box) -> float:
    """The longer of width and height."""
    return max(box[2] - box[0], box[3] - box[1])


def short_side(box: Box) -> float:
    """The shorter of width and height."""
    return min(box[2] - box[0], box[3] - box[1])


def visible_share(box: Box, width: float, height: float) -> float:
    """Share of a box that lies in a picture of this size, 0 to 1."""
    inside_x = max(min(box[2], width) - max(box[0], 0.0), 0.0)
    inside_y = max(min(box[3], height) - max(box[1], 0.0), 0.0)
    return inside_x * inside_y / max(area(box), 1e-6)


def is_cut_off(box: Box, width: float, height: float) -> bool:
    """Whether a face's box ends at the picture's edge and is too narrow or too flat for a whole face.

    Whole faces are about .77 times as wide as high for the default detector.
    """
    ratio = (box[2] - box[0]) / max(box[3] - box[1], 1e-6)
    near = 0.01 * max(width, height)
    at_side = box[0] < near or box[2] > width - near
    at_end = box[1] < near or box[3] > height - near
    return (at_side and ratio < 0.65) or (at_end and ratio > 0.95)
