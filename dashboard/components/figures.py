"""Tables of figures: RMSE, SAGR, PCC, CCC per axis, with intervals, protocol and source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from avce.published import PublishedResult
from dashboard import charts
from dashboard.components.frame import is_dark
from dashboard.components.tables import Cell, Row, draw_table
from dashboard.words import METRICS, PROTOCOLS, method_name, number
from workers.records import EvaluationRecord

AXES = ("valence", "arousal")
LOWER_IS_BETTER = {"rmse"}
Figures = Mapping[str, Mapping[str, Any]]


def heads(first: str) -> list[tuple[str, str]]:
    """Column heads: one per metric and axis, each with its definition."""
    columns = [
        (f"{METRICS[name][0]}-{axis[0].upper()}", f"{METRICS[name][1]} ({axis})")
        for name in METRICS
        for axis in AXES
    ]
    return [(first, ""), *columns]


def best_of(table: Sequence[Figures]) -> dict[tuple[str, str], float]:
    """The best value of each column, only where two or more rows compete."""
    best: dict[tuple[str, str], float] = {}
    for name in METRICS:
        for axis in AXES:
            values = [row[axis][name] for row in table if row.get(axis, {}).get(name) is not None]
            if len(values) > 1:
                best[name, axis] = min(values) if name in LOWER_IS_BETTER else max(values)
    return best


def figure_cells(
    figures: Figures, best: Mapping[tuple[str, str], float] | None = None, *, as_printed: bool = False
) -> list[Cell]:
    """Cells of one row; the interval stands below the value, the best value of a column is bold.

    Args:
        figures: Axis to metric to value.
        best: Best value of each column, where rows may be ranked.
        as_printed: Show no more digits than the source gives.
    """
    cells = []
    for name in METRICS:
        for axis in AXES:
            value = figures.get(axis, {}).get(name)
            bounds = figures.get(axis, {}).get("interval", {}).get(name)
            below = f"{number(bounds[0])} … {number(bounds[1])}" if bounds and None not in bounds else ""
            is_best = best is not None and value is not None and best.get((name, axis)) == value
            text = f"{value:g}" if as_printed and value is not None else number(value)
            reason = figures.get(axis, {}).get("undefined", {}).get(name)
            hover = f"Undefined: {reason}." if reason else METRICS[name][1]
            cells.append(Cell(text, below=below, hover=hover, is_best=is_best))
    return cells


def undefined_lines(figures: Figures) -> list[str]:
    """A sentence for each figure of a model that does not exist, with its reason."""
    return [
        f"{METRICS[name][0]} of {axis} is undefined: {reason}."
        for axis in AXES
        for name, reason in figures.get(axis, {}).get("undefined", {}).items()
        if name in METRICS
    ]


def trivial_rows(evaluation: EvaluationRecord) -> list[Row]:
    """Predictors that look at no picture, for the same samples."""
    trivial = evaluation.metrics.get("trivial", {})
    hover = "Looks at no picture. A model must beat it."
    return [
        Row([Cell(name, hover=hover), *figure_cells(figures)], is_quiet=True)
        for name, figures in trivial.items()
    ]


def evaluation_table(
    evaluations: Sequence[EvaluationRecord],
    *,
    methods: Mapping[str, str] | None = None,
    caption: str = "",
    ranked: bool = False,
) -> None:
    """Rows of one protocol and data set.

    Args:
        evaluations: Finished ones.
        methods: Run id → method, for the colour beside the name.
        caption: Line above the table.
        ranked: Mark the best value of each column; only for rows that may be compared, whose protocol stands above.
    """
    best = best_of([item.metrics for item in evaluations]) if ranked else None
    rows = []
    for item in evaluations:
        method = (methods or {}).get(item.run_id, "")
        colour = charts.colour_of(method, dark=is_dark()) if method else ""
        hover = f"{method_name(method)} · n = {item.n}" if method else f"n = {item.n}"
        rows.append(
            Row(
                [
                    Cell(
                        item.run_name,
                        dot=colour,
                        hover=hover,
                        badge="" if ranked else f"{item.split} · {item.protocol}",
                    ),
                    *figure_cells(item.metrics, best),
                ]
            )
        )
    if ranked and evaluations:
        rows += trivial_rows(evaluations[0])
    draw_table(heads("Run"), rows, caption=caption)
    for item in evaluations:
        for line in undefined_lines(item.metrics):
            st.caption(f"{item.run_name}: {line}")


def published_table(results: Sequence[PublishedResult], *, caption: str) -> None:
    """Rows printed elsewhere, each with its source and protocol; never marked best beside ours."""
    rows = []
    for result in results:
        name = Cell(
            result.method,
            dot=charts.colour_of(result.system, dark=is_dark()),
            below=result.source,
            hover=result.note or result.protocol,
        )
        rows.append(
            Row(
                [name, *figure_cells({"valence": result.valence, "arousal": result.arousal}, as_printed=True)]
            )
        )
    draw_table(heads("Published"), rows, caption=caption)


def protocol_words(protocol: str) -> str:
    """What a protocol does, in a line."""
    return PROTOCOLS.get(protocol, protocol)
