"""The poster's colours: baseline black, CAF green, AVCE blue, label grey. Torch-free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

SYSTEM_COLOURS = {
    "avce": "#2B6CB0",
    "caf": "#2E8B57",
    "hasani": "#22262E",
    "hasani_lstm": "#6A5A7A",
    "label": "#8A8D91",
    "supervised": "#B4622D",
}
"""On a white ground; the pages' charts take them from here."""

OTHERS = ("#7A4E9B", "#B08A1E", "#1B8A94", "#A33B4A")
"""For a second model of one method, and for methods unknown here."""

TIE = "#C0282D"
"""The dashed lines from maps to curves."""


def colours_of(systems: Sequence[str]) -> list[str]:
    """One colour for each model, all different: the method's own for its first model, then :data:`OTHERS`."""
    seen: Counter[str] = Counter()
    spare = iter(OTHERS * len(systems))
    colours = []
    for system in systems:
        is_first = system in SYSTEM_COLOURS and not seen[system]
        colours.append(SYSTEM_COLOURS[system] if is_first else next(spare))
        seen[system] += 1
    return colours
