"""What a face does at a point of the circumplex: a smooth map from (valence, arousal) to muscle actions.

Eleven hand-made prototypes are blended with normalised Gaussian weights. Two gradual terms are added, so that the
face changes everywhere and not only between prototypes: corners of the mouth with valence, eyes and jaw
with arousal.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np


@dataclass(frozen=True)
class Actions:
    """Muscle actions, mostly in [0, 1]; numbers name the facial action units they resemble.

    Attributes:
        inner_brow: Inner ends of the brows up (1).
        outer_brow: Outer ends up (2).
        brow_lower: Brows down and together (4).
        lid_raise: Eyes wide open (5).
        cheek_raise: Cheeks up, lower lids pushed up (6).
        lid_tight: Lids narrowed (7).
        nose_wrinkle: Nose wrinkled (9).
        lip_raise: Upper lip up (10).
        smile: Corners of the mouth up and out (12).
        frown: Corners down (15).
        chin_raise: Lower lip pushed up (17).
        stretch: Mouth pulled wide (20).
        press: Lips pressed, thin (24).
        part: Lips apart (25).
        jaw: Jaw dropped (26).
        droop: Upper lids hanging (43 in part).
        blink: Eyes closed; a nuisance, not part of any expression.
    """

    inner_brow: float = 0.0
    outer_brow: float = 0.0
    brow_lower: float = 0.0
    lid_raise: float = 0.0
    cheek_raise: float = 0.0
    lid_tight: float = 0.0
    nose_wrinkle: float = 0.0
    lip_raise: float = 0.0
    smile: float = 0.0
    frown: float = 0.0
    chin_raise: float = 0.0
    stretch: float = 0.0
    press: float = 0.0
    part: float = 0.0
    jaw: float = 0.0
    droop: float = 0.0
    blink: float = 0.0

    def with_added(self, **more: float) -> Actions:
        """A copy with some actions increased."""
        return replace(self, **{name: getattr(self, name) + amount for name, amount in more.items()})


PROTOTYPES: dict[str, tuple[float, float, Actions]] = {
    "neutral": (0.0, 0.0, Actions()),
    "content": (0.6, -0.25, Actions(smile=0.5, cheek_raise=0.35, droop=0.1)),
    "happy": (0.85, 0.25, Actions(smile=1.0, cheek_raise=0.8, part=0.5, lip_raise=0.2)),
    "excited": (
        0.65,
        0.8,
        Actions(smile=1.0, cheek_raise=0.5, part=0.9, jaw=0.6, inner_brow=0.5, outer_brow=0.7, lid_raise=0.5),
    ),
    "surprised": (
        0.08,
        0.95,
        Actions(inner_brow=1.0, outer_brow=1.0, lid_raise=1.0, part=0.8, jaw=1.0),
    ),
    "afraid": (
        -0.5,
        0.85,
        Actions(
            inner_brow=1.0,
            outer_brow=0.3,
            brow_lower=0.5,
            lid_raise=0.9,
            stretch=1.0,
            part=0.7,
            jaw=0.4,
            frown=0.3,
        ),
    ),
    "angry": (
        -0.78,
        0.5,
        Actions(
            brow_lower=1.0,
            lid_raise=0.6,
            lid_tight=0.2,
            nose_wrinkle=0.4,
            lip_raise=0.4,
            stretch=0.5,
            part=0.5,
            jaw=0.15,
            frown=0.4,
        ),
    ),
    "disgusted": (
        -0.9,
        0.05,
        Actions(
            brow_lower=0.6,
            lid_tight=0.6,
            nose_wrinkle=1.0,
            lip_raise=0.6,
            frown=0.7,
            chin_raise=0.4,
            press=0.2,
        ),
    ),
    "sad": (
        -0.75,
        -0.4,
        Actions(inner_brow=0.9, brow_lower=0.45, droop=0.45, frown=1.0, chin_raise=0.7),
    ),
    "bored": (-0.3, -0.8, Actions(droop=0.75, frown=0.4, outer_brow=0.0, brow_lower=0.05)),
    "calm": (0.35, -0.8, Actions(droop=0.7, smile=0.3, cheek_raise=0.1)),
}
"""Name to (valence, arousal, actions). The values are ours; no data set was used."""

_WIDTH = 0.30
_NAMES = tuple(field.name for field in fields(Actions))
_PLACES = np.array([(valence, arousal) for valence, arousal, _ in PROTOTYPES.values()])
_VALUES = np.array([[getattr(actions, name) for name in _NAMES] for _, _, actions in PROTOTYPES.values()])


def express(valence: float, arousal: float, *, expressivity: float = 1.0) -> Actions:
    """The actions of a face that feels (valence, arousal).

    Args:
        valence: In [-1, 1].
        arousal: In [-1, 1].
        expressivity: Factor on all actions.

    Returns:
        Actions that change smoothly with both arguments.
    """
    squared = ((_PLACES - (valence, arousal)) ** 2).sum(1)
    weights = np.exp(-(squared - squared.min()) / (2 * _WIDTH**2))
    blended = weights @ _VALUES / weights.sum()
    actions = Actions(**dict(zip(_NAMES, (float(value) for value in blended), strict=True)))
    actions = actions.with_added(
        smile=0.35 * max(valence, 0.0),
        frown=0.35 * max(-valence, 0.0),
        brow_lower=0.15 * max(-valence, 0.0),
        lid_raise=0.15 * max(arousal, 0.0),
        droop=0.2 * max(-arousal, 0.0),
        part=0.15 * max(arousal, 0.0),
    )
    return replace(actions, **{name: expressivity * getattr(actions, name) for name in _NAMES})
