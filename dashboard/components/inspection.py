"""What an inspection found: the face, its numbers, the views, pull and push, the solvers."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from avce.progress import span
from dashboard import charts
from dashboard.components.explain import metric_row
from dashboard.components.frame import is_dark
from dashboard.components.guard import attempt, need
from dashboard.components.tables import Cell, Row, draw_table
from dashboard.navigation import link
from dashboard.words import number
from workers import client
from workers.records import InspectionRecord

BEST = "best"
"""The end of the slider: weights of the run's best epoch."""

SOLVERS = {"exact": "closed form", "ecos": "ECOS", "cvxpy": "CVXPY", "cvxpy_default": "CVXPY's choice"}


def _pair(point: list[float] | None) -> str:
    return "–" if point is None else f"{number(point[0], 2)} / {number(point[1], 2)}"


def _figures(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Label, value and definition of each figure; those that the method lacks are left out."""
    sparse = found["attentive"]
    rows = [
        ("Prediction x", _pair(found["x"]), "Valence and arousal, x = R(z), before it is clipped to −1 … 1."),
        ("Label", _pair(found.get("label")), "Valence and arousal of the data set, where known."),
        (
            "Support",
            f"{sparse['support']} of {found['dim']}",
            f"Components that {sparse['view']} leaves above zero: what the attentive view looks at.",
        ),
    ]
    if found.get("y_a") is None:
        return rows
    return [
        *rows,
        ("f(x, y_a)", number(found["f_a"]), "1 − θ/π, the likeness of prediction and attentive judgement; training pulls it up."),
        ("f(x, y_n)", number(found["f_n"]), "The same for the inattentive judgement; training pushes it down."),
        ("Contrast", number(found["objective"]), "f_a − α f_n − β/2 f_a² − γ/2 f_n² of this face alone, which AVCE raises."),
        ("Push", number(found["push"]), "relu(1 − ‖v(Sp z) − v(Sm z)‖²): 0 once the views are a unit apart."),
        ("Hold", number(found["hold"]), "How far both views are from z in the space of v, minus 2; lower is nearer."),
    ]  # fmt: skip


def _solvers(item: InspectionRecord, found: dict[str, Any]) -> None:
    st.header(
        "Closed form against ECOS", anchor=False,
        help="The poster solves both views by ECOS; the closed forms give the same numbers much faster.",
    )  # fmt: skip
    rows = []
    table = found.get("solvers", [])
    fastest = {row["view"]: row["batch_ms"] for row in table if row["solver"] == "exact"}
    for row in table:
        slower = row["batch_ms"] / fastest[row["view"]] if fastest.get(row["view"]) else None
        times = "1×" if row["solver"] == "exact" else f"{slower:,.0f}×" if slower else "–"
        far = "–" if row["solver"] == "exact" else f"{row['difference']:.1e}".replace("-", "−")
        cells = [Cell(row["view"]), Cell(SOLVERS[row["solver"]], is_words=True)]
        times_ms = [Cell(f"{number(row[key], 3)} ms") for key in ("face_ms", "batch_ms")]
        rows.append(Row([*cells, *times_ms, Cell(times), Cell(far)]))
    size = table[0]["batch_size"] if table else 0
    heads = [
        ("View", ""),
        ("Solved by", ""),
        ("One face", "Median time on the CPU of the worker."),
        (f"Batch of {size}", "Median time of a training batch of this run."),
        ("Time", "As a multiple of the closed form."),
        ("Largest difference", "Over all entries of the batch, from the closed form."),
    ]
    draw_table(heads, rows)
    _solver_cost(item, table)


def _solver_cost(item: InspectionRecord, table: list[dict[str, Any]]) -> None:
    """What the views take in a whole training like this run's, before one is queued: by each solver."""
    by_view: dict[str, dict[str, float]] = {}
    for row in table:
        if "step_ms" in row:  # inspections of earlier versions did not measure the way back
            by_view.setdefault(row["view"], {})[row["solver"]] = row["step_ms"] / 1000
    cost = attempt(client.solver_cost, item.run_id, 1.0, dataset_id=item.dataset_id) if by_view else None
    if cost is None:
        return
    per_step_second, n_train, name = cost
    told = []
    for solver in dict.fromkeys(row["solver"] for row in table):
        step_s = sum(times.get(solver, min(times.values())) for times in by_view.values())
        seconds = step_s * per_step_second
        told.append(f"{SOLVERS[solver]} **{span(seconds) if seconds >= 1 else 'under 1 s'}**")
    st.markdown(
        f":material/timer: Expected solver time of a training with the options of “{item.run_name}” over {n_train:,} faces of"
        f" “{name}”, both views, forward and backward: {', '.join(told)}."
    )
    link("train", "The whole cost of such a run", icon=":material/timer:", query={"like": item.run_id})


def _at_epoch(item: InspectionRecord) -> dict[str, Any]:
    """What was found, by the best epoch's weights or by those of a kept epoch that the reader slides to."""
    epochs = {str(moment["epoch"]): moment for moment in item.result.get("training") or []}
    if not epochs:
        st.caption("A run trained with “Keep every” above 0 can be followed here from epoch to epoch.")
        return item.result
    chosen = st.select_slider(
        "Epoch", [*epochs, BEST], value=BEST, key=f"inspection.epoch.{item.id}",
        help="The same face seen by the weights that training had then: z, both views and the judgements move.",
    )  # fmt: skip
    moment: dict[str, Any] = epochs.get(chosen, {})
    return item.result | moment


@st.fragment
def inspection_view(item: InspectionRecord) -> None:
    """Everything about one finished inspection."""
    found = _at_epoch(item)
    trail = [moment["x"] for moment in item.result.get("training") or []]
    with st.container(key="wide-inspection-head"):
        left, right = st.columns([1, 6], vertical_alignment="center", gap="medium")
    left.image(need(client.inspection_jpeg, item.id), width=150, alt="The face as the model got it")
    with right:
        metric_row(_figures(found))
        where = item.file_name or f"row {item.row} of “{item.dataset_name}”"
        st.caption(f"{item.run_name} on {where}; {found.get('cut', '')}.")
    with st.container(key="wide-inspection"):
        plane, bars = st.columns(2, gap="large")
    dark = is_dark()
    with plane:
        st.header("Pull and push", anchor=False, help="The contrast turns x towards y_a and away from y_n.")
        st.plotly_chart(
            charts.pull_and_push(found, label=found.get("label"), trail=trail, dark=dark), key="inspection.plane", config=charts.CONFIG,
            alt="Prediction x and judgements y_a, y_n on the circumplex, with the angles between them",
        )  # fmt: skip
    with bars:
        st.header(
            "The feature and its views", anchor=False, help="Both views lie on the simplex and share a scale."
        )
        ordered = st.toggle("Largest first", value=True, key="inspection.sorted")
        st.plotly_chart(
            charts.view_bars(found, is_sorted=ordered, dark=dark), key="inspection.bars", config=charts.CONFIG,
            alt="Bars of z, of its attentive and of its inattentive view",
        )  # fmt: skip
    _solvers(item, found)
    st.download_button(
        "All numbers as JSON", json.dumps(item.result, indent=1), f"inspection-{item.id}.json", "application/json",
        key="inspection.json", icon=":material/download:",
    )  # fmt: skip
