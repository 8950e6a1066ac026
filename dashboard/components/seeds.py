"""Runs that differ by their seed alone, as mean ± standard deviation."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard import charts
from dashboard.comparing import SeedGroup
from dashboard.components.figures import AXES, heads
from dashboard.components.frame import is_dark
from dashboard.components.tables import Cell, Row, draw_table
from dashboard.words import METRICS, method_name, number


def seed_table(found: Sequence[SeedGroup]) -> None:
    """One row per group of seeds; nothing where there is none."""
    if not found:
        return
    rows = []
    for group in found:
        seeds = ", ".join(map(str, group.seeds))
        name = Cell(
            group.name, dot=charts.colour_of(group.method, dark=is_dark()), below=f"seeds {seeds}",
            hover=method_name(group.method), badge=f"n = {group.n}",
        )  # fmt: skip
        cells = []
        for figure in METRICS:
            for axis in AXES:
                pair = group.figures[axis].get(figure)
                below = f"± {number(pair[1])}" if pair else ""
                cells.append(Cell(number(pair[0] if pair else None), below=below, hover=METRICS[figure][1]))
        rows.append(Row([name, *cells]))
    caption = "Runs that differ by their seed alone: mean, and below it the standard deviation over the runs."
    draw_table(heads("Seeds together"), rows, caption=caption)
