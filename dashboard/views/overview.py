"""Where a newcomer lands: what this is, what to do next, what happened lately."""

from __future__ import annotations

import streamlit as st

from dashboard import charts
from dashboard.components.demo import demo_button
from dashboard.components.explain import explain_plane, metric_row
from dashboard.components.frame import is_dark
from dashboard.components.guard import need
from dashboard.components.jobs import ago, job_card
from dashboard.components.tables import Cell, Row, draw_table
from dashboard.components.upload import base_path
from dashboard.navigation import link
from dashboard.words import METRICS, method_name, number
from workers import client
from workers.records import EvaluationRecord

RECENT = 5
NEXT = {
    "datasets": ("datasets", "bring labelled faces", "A zip, or a csv with images; or let faces be drawn."),
    "runs": (
        "train",
        "train a model",
        "On your data set, from a preset; the starter model may be its beginning.",
    ),
    "evaluations": (
        "runs",
        "measure a model",
        "Open a run and press “Evaluate”: how good is it on people it has not seen?",
    ),
    "analyses": ("video", "look at a video", "Valence and arousal of every frame, beside the picture."),
}
"""What is missing, and where to do it: page, title, text."""


def _welcome() -> None:
    with st.container(border=True, key="welcome"):
        st.header("Nothing here yet. See it work first?", anchor=False)
        st.write(
            "The demo draws its own faces, trains two small models on them, measures both, and analyses a clip. "
            "It needs no download and takes a few minutes on two cores."
        )
        demo_button(key="welcome.demo")
    st.header("Or begin with your own", anchor=False)
    steps = (
        (
            "video",
            "Look at a video now",
            "The starter model that comes along gives valence and arousal for every frame; nothing needs training.",
        ),
        (
            "datasets",
            "Bring labelled faces",
            "A zip, or a csv with images. You see at once what is wrong with it.",
        ),
        (
            "train",
            "Train a model",
            "AVCE or one of its baselines, or the starter model fine-tuned on your faces.",
        ),
    )
    with st.container(key="wide-steps"):
        columns = st.columns(3)
    for column, (page, title, text) in zip(columns, steps, strict=True):
        with column.container(border=True, height="stretch"):
            link(page, title)
            st.caption(text)


def _counters(found: dict[str, int]) -> None:
    shown = (
        ("Data sets", "datasets", "Folders or archives of labelled faces."),
        ("Runs", "runs", "Models that were trained here, or are being trained."),
        ("Evaluations", "evaluations", "Runs measured on a split of a data set."),
        ("Video analyses", "analyses", "Videos seen through one or more models."),
    )
    if any(found[name] for _, name, _ in shown):
        metric_row((label, f"{found[name]:,}", meaning) for label, name, meaning in shown)


def _next(found: dict[str, int]) -> None:
    """The first step that has not been done yet; nothing once all have."""
    step = next((step for noun, step in NEXT.items() if not found[noun]), None)
    if step is None:
        return
    page, title, text = step
    with st.container(border=True, key="next"):
        link(page, f"Next: {title}")
        st.caption(text)


@st.fragment(run_every=2.0)
def _recent_jobs() -> None:
    jobs = need(client.list_jobs, limit=RECENT)
    for job in jobs:
        job_card(job, prefix="recent", with_log=False)
    if jobs:
        link("jobs", "All jobs", icon=":material/arrow_forward:")


def _result_row(evaluation: EvaluationRecord, method: str) -> Row:
    figures = [
        Cell(number(evaluation.metrics.get(axis, {}).get("ccc")), hover=f"{METRICS['ccc'][1]} ({axis})")
        for axis in ("valence", "arousal")
    ]
    name = Cell(
        evaluation.run_name, dot=charts.colour_of(method, dark=is_dark()) if method else "", hover=method_name(method),
        address=f"{base_path()}/runs?run={evaluation.run_id}",
    )  # fmt: skip
    where = f"{evaluation.dataset_name}, {evaluation.split}"
    return Row([name, Cell(where, is_words=True), *figures, Cell(ago(evaluation.created_at))])


def _recent_results() -> None:
    done = need(client.list_evaluations, is_done=True, limit=RECENT)
    if not done:
        st.caption("No run has been measured yet. Open a run and press “Evaluate”.")
        return
    heads = [
        ("Run", ""),
        ("Measured on", ""),
        ("CCC valence", METRICS["ccc"][1]),
        ("CCC arousal", METRICS["ccc"][1]),
        ("When", ""),
    ]
    methods = need(client.run_methods, {item.run_id for item in done})
    draw_table(heads, [_result_row(item, methods.get(item.run_id, "")) for item in done])
    link("compare", "Compare", icon=":material/arrow_forward:")


def _health() -> None:
    for part, reason in need(client.health).items():
        if reason != "ok":
            st.warning(f"**{part.capitalize()}**: {reason}", icon=":material/warning:")


def page() -> None:
    """Overview."""
    st.title("AVCE Studio", anchor=False)
    st.markdown(
        "Train, compare and trust models of facial valence and arousal, and see what a face expresses over time."
    )
    _health()
    found = need(client.counts)
    _counters(found)
    if not any(found.values()):
        _welcome()
    else:
        _next(found)
        st.header("Latest results", anchor=False)
        _recent_results()
        st.header("Latest jobs", anchor=False)
        _recent_jobs()
    st.header("Valence and arousal in plain words", anchor=False)
    explain_plane()
