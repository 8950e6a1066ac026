"""Names and colours of runs: those of their methods, and others where two runs share a method."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from dashboard.charts import Series
from dashboard.charts.theme import STATE_COLOURS, spread
from dashboard.components.frame import is_dark
from dashboard.words import FRAME_STATES


def series_of(names: Mapping[str, str], methods: Mapping[str, str]) -> dict[str, Series]:
    """How each run appears in charts.

    Args:
        names: Run id to name, in the order of the legend.
        methods: Run id to method; runs that are missing get a colour of their own.
    """
    dark = is_dark()
    counts = Counter(methods.get(run_id, "other") for run_id in names)
    colours = {method: iter(spread(method, count, dark=dark)) for method, count in counts.items()}
    return {
        run_id: Series(name, methods.get(run_id, "other"), next(colours[methods.get(run_id, "other")]))
        for run_id, name in names.items()
    }


def frame_states() -> dict[str, tuple[str, str]]:
    """State of a frame to its colour and meaning, in the order of the key."""
    return {name: (STATE_COLOURS[name], meaning) for name, meaning in FRAME_STATES.items()}
