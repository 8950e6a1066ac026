"""Paint the moving face on a person's atlas: eyes, brows, mouth, folds, beard."""

from __future__ import annotations

import numpy as np

from avce.data.synthetic.atlas import Atlas, Mask, emboss, fill, polish, shade, spot, stroke, tint
from avce.data.synthetic.beard import grow_beard
from avce.data.synthetic.expression import Actions
from avce.data.synthetic.identity import Identity
from avce.data.synthetic.landmarks import SIDES, Curve, Eye, Landmarks, Mouth, shifted


def _ring(upper: Curve, lower: Curve) -> Curve:
    """A closed outline from an upper and a lower curve that run the same way."""
    return np.concatenate([upper, lower[::-1]])


def _circle(centre: np.ndarray, radius: float) -> Curve:
    angle = np.linspace(0, 2 * np.pi, 33)
    return centre + radius * np.column_stack([np.cos(angle), np.sin(angle)])


def _eye(atlas: Atlas, eye: Eye, identity: Identity) -> None:
    skin = np.array(identity.skin)
    lash = tuple(np.minimum(np.array(identity.brow_colour) * 0.5, 40))
    below = fill(_ring(eye.crease, eye.upper), blur=0.012)
    shade(atlas, below, (0.9, 0.87, 0.87))
    opening = fill(_ring(eye.upper, eye.lower), blur=0.003)
    if eye.openness > 0.02:
        _eyeball(atlas, eye, identity, opening)
    shade(atlas, stroke(eye.crease, 0.016, blur=0.006), (0.62, 0.56, 0.54))
    emboss(atlas, stroke(eye.crease, 0.02, blur=0.01), -1.6)
    emboss(atlas, stroke(shifted(eye.upper, 0, 0.012), 0.02, blur=0.006), 1.2)
    shade(atlas, stroke(shifted(eye.lower, 0, -0.008), 0.014, blur=0.005), (0.8, 0.7, 0.68))
    emboss(atlas, stroke(shifted(eye.lower, 0, -0.02), 0.02, blur=0.008), 0.8)
    tint(atlas, stroke(eye.upper, 0.017 + 0.008 * identity.feminine, blur=0.003), lash, 0.92)
    flick = eye.upper[-5:] + np.outer(np.linspace(0, 1, 5), (np.sign(eye.centre[0]) * 0.015, 0.012))
    tint(atlas, stroke(flick, 0.014, blur=0.003), lash, 0.8 * identity.feminine)
    tint(atlas, stroke(eye.lower[4:], 0.008, blur=0.003), tuple(0.35 * skin), 0.45 + 0.2 * identity.feminine)


def _eyeball(atlas: Atlas, eye: Eye, identity: Identity, opening: Mask) -> None:
    box = (opening.rows, opening.columns)
    tint(atlas, opening, (226, 218, 212), 1.0)
    iris = np.array(identity.iris)
    disc = fill(_circle(eye.iris, eye.iris_radius), blur=0.004, box=box) & opening
    tint(atlas, disc, tuple(0.5 * iris), 1.0)
    tint(
        atlas,
        fill(_circle(eye.iris, 0.86 * eye.iris_radius), blur=0.006, box=box) & opening,
        tuple(iris),
        1.0,
    )
    bright = (
        fill(
            _circle(shifted(eye.iris, 0, -0.35 * eye.iris_radius), 0.5 * eye.iris_radius), blur=0.012, box=box
        )
        & opening
    )
    tint(atlas, bright, tuple(np.minimum(1.5 * iris + 10, 255)), 0.6)
    tint(
        atlas, fill(_circle(eye.iris, 0.42 * eye.iris_radius), blur=0.003, box=box) & opening, (10, 8, 8), 1.0
    )
    shadow = (
        fill(_ring(shifted(eye.upper, 0, 0.03), shifted(eye.upper, 0, -0.022)), blur=0.01, box=box) & opening
    )
    shade(atlas, shadow, (0.45, 0.42, 0.42))
    glint = fill(_circle(shifted(eye.iris, 0.02, 0.026), 0.016), blur=0.003, box=box) & opening
    tint(atlas, glint, (255, 255, 255), 0.95)
    corner = spot(eye.upper[0] + (np.sign(eye.centre[0]) * 0.012, -0.004), (0.016, 0.012))
    tint(atlas, corner, (200, 130, 120), 0.6)
    polish(atlas, opening, 12)


def _brow(atlas: Atlas, curve: Curve, half: np.ndarray, identity: Identity, rng: np.random.Generator) -> None:
    colour = identity.brow_colour
    tangent = np.gradient(curve, axis=0)
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]]) / np.linalg.norm(tangent, axis=1)[:, None]
    normal *= np.sign(normal[:, 1:2] + 1e-9)
    outline = _ring(curve + normal * half[:, None], curve - normal * half[:, None])
    tint(atlas, fill(outline, blur=0.014), colour, 0.62)
    emboss(atlas, fill(outline, blur=0.014), 1.0)
    outward = np.sign(curve[-1, 0] - curve[0, 0])
    for _ in range(16):
        at = rng.uniform(0, len(curve) - 1.01)
        i = int(at)
        root = curve[i] + (at - i) * (curve[i + 1] - curve[i]) + normal[i] * half[i] * rng.uniform(-0.9, 0.4)
        lean = 0.02 + 0.035 * at / len(curve)
        hair = np.stack([root, shifted(root, outward * lean, 0.05 - 0.05 * at / len(curve))])
        tint(atlas, stroke(hair, 0.005), colour, 0.5)


def _mouth(atlas: Atlas, mouth: Mouth, identity: Identity) -> None:
    skin = np.array(identity.skin)
    rosy = np.array([0.86, 0.6, 0.6]) if identity.feminine < 0.5 else np.array([0.9, 0.5, 0.52])
    lip = np.clip(skin * rosy + np.array([6, 0, 2]), 0, 255)
    whole = _ring(mouth.top, mouth.bottom)
    tint(atlas, fill(whole, blur=0.008), tuple(lip), 0.85)
    shade(atlas, fill(_ring(mouth.top, mouth.upper), blur=0.006), (0.86, 0.84, 0.84))
    emboss(atlas, fill(_ring(mouth.top, mouth.upper), blur=0.012), 2.0)
    emboss(atlas, fill(_ring(mouth.lower, mouth.bottom), blur=0.014), 3.0)
    polish(atlas, fill(whole, blur=0.006), 120)
    if mouth.open > 0.008:
        _inside(atlas, mouth)
    line = (mouth.upper + mouth.lower) / 2 if mouth.open <= 0.02 else mouth.upper
    tint(atlas, stroke(line, 0.012, blur=0.005), tuple(0.22 * lip), 0.85)
    for curve in (mouth.upper[:3], mouth.upper[-3:]):
        shade(atlas, stroke(curve, 0.03, blur=0.014), (0.6, 0.55, 0.55))
    under = mouth.bottom[6:-6] - (0, 0.03)
    shade(atlas, stroke(under, 0.035, blur=0.02), (0.8, 0.78, 0.78))


def _inside(atlas: Atlas, mouth: Mouth) -> None:
    outline = _ring(mouth.upper, mouth.lower)
    hole = fill(outline, blur=0.003)
    box = (hole.rows, hole.columns)
    tint(atlas, hole, (48, 18, 18), 1.0)
    polish(atlas, hole, 40)
    middle = mouth.upper[14]
    if mouth.open > 0.09:
        low = mouth.lower[14] + (0, 0.02)
        half = 0.55 * mouth.upper[-1, 0]
        angle = np.linspace(0, 2 * np.pi, 33)
        tongue = low + np.column_stack([half * np.cos(angle), 0.36 * mouth.open * np.sin(angle)])
        tint(atlas, fill(tongue, blur=0.012, box=box) & hole, (150, 66, 66), 0.9)
    edge = 0.085 if mouth.open > 0.03 else 0.06
    inner = slice(2, -2)
    shift = (0, 0.035 * (1 - mouth.teeth))
    biting = np.minimum(mouth.upper[inner, 1], middle[1] + 0.03)
    bottom = np.column_stack([mouth.upper[inner, 0], biting - edge]) + shift
    teeth = fill(_ring(mouth.upper[inner] + (0, 0.02), bottom), blur=0.004, box=box) & hole
    tint(atlas, teeth, (226, 218, 206), 0.95)
    polish(atlas, teeth, 120)
    for x in np.linspace(-0.75, 0.75, 8) * mouth.upper[-1, 0]:
        gap = np.array([[x, middle[1] + 0.05], [x, middle[1] - edge]])
        at = stroke(gap, 0.005)
        shade(atlas, at, (0.9, 0.88, 0.86))
    shadow = (
        fill(_ring(shifted(mouth.upper, 0, 0.03), shifted(mouth.upper, 0, -0.015)), blur=0.01, box=box) & hole
    )
    shade(atlas, shadow, (0.55, 0.5, 0.5))


def _nose(atlas: Atlas, marks: Landmarks) -> None:
    for side in SIDES:
        hole = np.array([side * 0.5 * marks.nose_half_width, marks.nose_y - 0.075])
        shade(atlas, spot(hole, (0.032, 0.016)), (0.25, 0.2, 0.2))
        wing = np.array([[1.02, 0.01], [1.1, -0.03], [1.02, -0.065], [0.85, -0.075]])
        crease = np.column_stack([side * wing[:, 0] * marks.nose_half_width, marks.nose_y + wing[:, 1]])
        shade(atlas, stroke(crease, 0.018, blur=0.012), (0.62, 0.54, 0.52))
    under = np.array([0, marks.nose_y - 0.1])
    shade(atlas, spot(under, (0.12, 0.03)), (0.74, 0.7, 0.7))


def _folds(atlas: Atlas, identity: Identity, actions: Actions, marks: Landmarks) -> None:
    for fold, depth in zip(marks.folds, marks.fold_depth, strict=True):
        line = stroke(fold, 0.022, blur=0.014)
        dark = 1 - 0.38 * depth
        shade(atlas, line, (dark, dark * 0.98, dark * 0.97))
        emboss(atlas, line, -4.0 * depth)
    knit = float(np.clip(actions.brow_lower + 0.3 * identity.age * (actions.brow_lower > 0.1), 0, 1.2))
    for side in SIDES:
        furrow = np.array([[side * 0.05, 0.36], [side * 0.06, 0.28], [side * 0.045, 0.19]])
        _wrinkle(atlas, furrow, 0.8 * knit)
        bridge = np.array([[side * 0.12, 0.08], [side * 0.07, 0.0], [side * 0.1, -0.12]])
        _wrinkle(atlas, bridge, 0.7 * actions.nose_wrinkle)
        corner = marks.eyes[0 if side < 0 else 1].upper[-1]
        for turn in (0.55, 0.05, -0.45):
            tip = corner + np.array([side * 0.13 * np.cos(turn), 0.13 * np.sin(turn)])
            start = corner + np.array([side * 0.03, 0.04 * np.sin(turn)])
            _wrinkle(
                atlas, np.stack([start, tip]), 0.45 * (0.3 + identity.age) * max(actions.cheek_raise, 0.15)
            )
    lifted = max(actions.inner_brow, actions.outer_brow) - 0.3 * actions.brow_lower
    depth = float(np.clip(lifted, 0, 1)) * (0.45 + 0.6 * identity.age) + 0.15 * identity.age
    for height in (0.43, 0.51, 0.59):
        x = np.linspace(-0.36, 0.36, 13)
        curve = np.column_stack(
            [x, height - 0.03 * np.cos(4 * x) + 0.05 * actions.inner_brow * np.exp(-((x / 0.2) ** 2))]
        )
        _wrinkle(atlas, curve, depth)


def _wrinkle(atlas: Atlas, curve: Curve, depth: float) -> None:
    if depth > 0.05:
        line = stroke(curve, 0.014, blur=0.009)
        dark = 1 - 0.3 * min(depth, 1.0)
        shade(atlas, line, (dark, dark, dark))
        emboss(atlas, line, -2.2 * depth)


def paint(atlas: Atlas, identity: Identity, actions: Actions, marks: Landmarks) -> None:
    """Paint the face in place.

    Args:
        atlas: A copy of the person's bare atlas.
        identity: Whose face.
        actions: What the muscles do; deepens wrinkles.
        marks: Where everything is.
    """
    rng = np.random.default_rng(identity.seed + 2)
    _folds(atlas, identity, actions, marks)
    _nose(atlas, marks)
    grow_beard(atlas, identity, marks, rng)
    _mouth(atlas, marks.mouth, identity)
    for eye, brow in zip(marks.eyes, marks.brows, strict=True):
        _eye(atlas, eye, identity)
        _brow(atlas, brow, marks.brow_half, identity, rng)
