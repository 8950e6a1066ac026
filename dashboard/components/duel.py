"""The duel on the compare page: two runs on the same faces."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import charts
from dashboard.comparing import groups
from dashboard.components.colours import series_of
from dashboard.components.frame import is_dark
from dashboard.components.guard import need
from dashboard.components.pick import pick
from dashboard.components.pictures import picture_config
from dashboard.components.tables import Cell, Row, draw_table
from dashboard.duel import (
    AXES,
    FIGURES,
    Duel,
    by_quadrant,
    by_subject,
    duel_csv,
    fight,
    gain_points,
    title_of,
    verdict,
    wins,
)
from dashboard.words import METRICS, number
from workers import client
from workers.records import EvaluationRecord

FEW = 10
"""With fewer groups a bootstrap says little."""

SIGN = {"ccc": "above 0: the first is better", "rmse": "below 0: the first is better"}


@st.cache_data(max_entries=8, show_spinner="Resampling …")
def _fought(first_id: str, second_id: str, _first: EvaluationRecord) -> Duel:
    """Evaluations never change, so a duel is computed once."""
    return fight(_first, client.evaluation_predictions(first_id), client.evaluation_predictions(second_id))


def _name(item: EvaluationRecord) -> str:
    return f"{item.run_name} · {item.dataset_name} · {item.split}"


def _opponents(done: Sequence[EvaluationRecord]) -> tuple[EvaluationRecord, EvaluationRecord] | None:
    """The two that the reader chose; only evaluations of the same faces are offered as the second."""
    arenas = [group for group in groups(done) if len(group.evaluations) > 1]
    if not arenas:
        return None
    arena = {item.id: group for group in arenas for item in group.evaluations}
    left, right = st.columns(2)
    with left:
        first = pick(
            "First", [item for item in done if item.id in arena], _name, param="first", key="duel.first"
        )
    with right:
        others = [item for item in arena[first.id].evaluations if item.id != first.id]
        second = pick("Second", others, _name, param="second", key="duel.second")
    return first, second


def _differences(duel: Duel, names: tuple[str, str], level: float) -> None:
    heads = [
        ("First − second", ""),
        ("Difference", ""),
        (f"{level:.0%} interval", f"From resampling whole {duel.grouped_by}s, the same for both."),
        ("p", "Two-sided bootstrap p of “no difference”."),
        ("p, Holm", "Corrected for the four comparisons of this table."),
        ("Better", "Named only where the interval excludes 0 and the corrected p is below .05."),
    ]
    rows = []
    for figure in FIGURES:
        for axis in AXES:
            d = duel.differences[figure, axis]
            winner = verdict(d, figure, names)
            rows.append(
                Row(
                    [
                        Cell(title_of(figure, axis), below=SIGN[figure], hover=METRICS[figure][1]),
                        Cell(_signed(d.difference)),
                        Cell(f"{_signed(d.low)} … {_signed(d.high)}"),
                        Cell(number(d.p_value, 4)),
                        Cell(number(d.p_holm, 4)),
                        Cell(winner, is_best=winner in names),
                    ]
                )
            )
    caption = f"n = {len(duel.pairs):,} faces of {duel.n_groups:,} {duel.grouped_by}s, judged by both."
    draw_table(heads, rows, caption=caption)


def _signed(value: float) -> str:
    text = number(value)
    return f"+{text}" if value > 0 and text != "–" else text


def _subjects(duel: Duel, names: tuple[str, str], colours: tuple[str, str]) -> None:
    table = by_subject(duel.pairs)
    for column, axis in zip(st.columns(2), AXES, strict=True):
        a, b, ties = wins(table, axis)
        even = f", {ties} even" if ties else ""
        column.markdown(f"**{axis.capitalize()}**: {a} : {b}{even}")
        column.plotly_chart(
            charts.subject_gains(table, axis, names, colours), key=f"duel.subjects.{axis}", config=picture_config(f"duel-{axis}"),
            alt=f"RMSE of {axis} per {duel.grouped_by}: {names[0]} is better on {a}, {names[1]} on {b}",
        )  # fmt: skip


def duel_view(done: Sequence[EvaluationRecord]) -> None:
    """Choose two and see who is better, by how much, on whom and where."""
    st.caption("Two runs on the same faces; the address keeps the choice.")
    chosen = _opponents(done)
    if chosen is None:
        st.caption("Two runs measured on the same split of the same data can meet here.")
        return
    first, second = chosen
    names = _apart(first, second)
    methods = need(client.run_methods, [item.run_id for item in chosen])
    series = series_of(
        {first.id: names[0], second.id: names[1]},
        {item.id: methods.get(item.run_id, "other") for item in chosen},
    )
    dark = is_dark()
    colours = (series[first.id].drawn_in(dark=dark), series[second.id].drawn_in(dark=dark))
    duel = need(_fought, first.id, second.id, first)
    if duel.n_groups < 2:
        st.info("All faces are of one person, so no interval can be given.", icon=":material/info:")
    elif duel.n_groups < FEW:
        words = f"Only {duel.n_groups} {duel.grouped_by}s: intervals from so few are rough, and too narrow as a rule."
        st.warning(words, icon=":material/group_off:")
    _differences(duel, names, float(first.metrics.get("confidence") or 0.95))
    st.markdown(f"**Wins per {duel.grouped_by}**")
    _subjects(duel, names, colours)
    _plane(duel, names, colours)
    st.download_button(
        "Duel as csv",
        duel_csv(duel, names),
        "duel.csv",
        "text/csv",
        key="duel.csv",
        icon=":material/download:",
    )


def _plane(duel: Duel, names: tuple[str, str], colours: tuple[str, str]) -> None:
    st.markdown("**Where each is better**")
    st.caption(
        "Each cell holds the faces whose labels lie there. Its colour says which run's prediction is nearer to the "
        "label on average, its strength by how much; a cell with fewer than three faces stays clear."
    )
    points = gain_points(duel.pairs)
    with st.container(key="wide-duel-plane"):
        left, right = st.columns(2, gap="large", vertical_alignment="center")
    left.plotly_chart(
        charts.better_where(points, names, colours), key="duel.plane", config=picture_config("duel-plane"),
        alt=f"Cells of the circumplex in which {names[0]} or {names[1]} is nearer to the label",
    )  # fmt: skip
    rows = []
    for quadrant, n, gain in by_quadrant(points):
        nearer = (names[0], colours[0]) if gain > 0 else (names[1], colours[1])
        by_and_run = (
            [Cell(number(abs(gain))), Cell(nearer[0], dot=nearer[1])] if n else [Cell("–"), Cell("–")]
        )
        rows.append(Row([Cell(quadrant), Cell(f"{n:,}"), *by_and_run]))
    by = "How much nearer to the label its predictions are, on average."
    with right:
        draw_table([("Labels in", ""), ("Faces", ""), ("Nearer by", by), ("Run", "")], rows)


def _apart(first: EvaluationRecord, second: EvaluationRecord) -> tuple[str, str]:
    """Names of both, different even where two runs have one name."""
    if first.run_name != second.run_name:
        return first.run_name, second.run_name
    return f"{first.run_name} [{first.id[:6]}]", f"{second.run_name} [{second.id[:6]}]"
