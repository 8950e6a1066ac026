"""Words for places in the valence-arousal plane, after Russell's circumplex (1980). Torch-free."""

from __future__ import annotations

import math

NEUTRAL = "neutral"
NEUTRAL_RADIUS = 0.2
"""Nearer to the origin than this an expression has no direction to speak of."""

WORDS = ("pleased", "excited", "alert", "tense", "displeased", "sad", "calm", "relaxed")
"""One per eighth of the plane, counted from positive valence towards positive arousal, each centred on its direction."""


def word_for(valence: float, arousal: float) -> str:
    """The word whose direction is nearest; ``neutral`` near the origin.

    It names a place in the plane, for reading. It is no recognised emotion and says nothing of what a person feels.
    """
    if math.hypot(valence, arousal) < NEUTRAL_RADIUS:
        return NEUTRAL
    return WORDS[round(math.atan2(arousal, valence) / (math.pi / 4)) % len(WORDS)]
