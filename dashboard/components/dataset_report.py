"""What a data set holds: counts, findings, the spread of its labels, samples."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import charts
from dashboard.components.explain import metric_row
from dashboard.components.guard import need
from dashboard.components.tables import Cell, Row, draw_table
from dashboard.words import AROUSAL, VALENCE, number
from workers import client
from workers.records import DatasetRecord, SampleRecord

SPLITS = {"train": "Training", "val": "Validation", "test": "Test"}
SEVERITY = {
    "error": (":material/error:", "red"),
    "warning": (":material/warning:", "orange"),
    "note": (":material/info:", "blue"),
    "info": (":material/info:", "blue"),
}
SAMPLES_PER_ROW = 8


def _figures(dataset: DatasetRecord) -> None:
    figures = (
        ("Samples", f"{dataset.n_samples:,}", "Pictures or frames with a face and labels that can be used."),
        (
            "Subjects",
            f"{dataset.n_subjects:,}" if dataset.n_subjects else "unknown",
            "People; no one is in two splits.",
        ),
        ("Training", f"{dataset.n_train:,}", "Samples that models learn from."),
        ("Validation", f"{dataset.n_val:,}", "Samples that choose the best epoch."),
        ("Test", f"{dataset.n_test:,}", "Samples kept for the final figures."),
    )
    metric_row(figures)
    card = dataset.card
    facts = [
        f"Layout **{dataset.layout or 'unknown'}**"
        + (f" ({card['layout_reason']})" if card.get("layout_reason") else ""),
        str(card.get("crops", "")),
        {"ours": "splits made here", "owners'": "splits as its owners gave them"}.get(
            str(card.get("splits")), ""
        ),
        f"fingerprint `{dataset.fingerprint[:12]}`",
    ]
    st.caption(" · ".join(fact for fact in facts if fact))
    if card.get("labels") == "weak":
        st.warning(
            "Weak labels: valence and arousal come from categories, so figures on them say little about either.",
            icon=":material/warning:",
        )


def _findings(card: dict[str, Any]) -> None:
    findings = card.get("findings", [])
    st.subheader("Findings", anchor=False)
    if not findings:
        st.success("Nothing that would spoil results was found.", icon=":material/check_circle:")
    for finding in findings:
        icon, colour = SEVERITY.get(str(finding.get("severity")), SEVERITY["info"])
        where = [str(place) for place in finding.get("where", [])]
        st.markdown(f":{colour}[{icon}] **{finding.get('title', '')}** — {finding.get('why', '')}")
        if where:
            with st.expander(f"Where ({finding.get('count', len(where)):,})"):
                st.code("\n".join(where), language=None)


def _spread(dataset: DatasetRecord) -> None:
    points = need(client.dataset_points, dataset.id)
    with st.container(key="wide-spread"):
        left, right = st.columns([6, 5], gap="large")
    with left:
        st.subheader("Where the labels lie", anchor=False, help=f"{VALENCE}  \n{AROUSAL}")
        plane, axes = st.tabs(["On the plane", "Each axis"])
        plane.plotly_chart(
            charts.label_density(points),
            key="dataset.density",
            config=charts.CONFIG,
            alt="Density of the labels on the plane of valence and arousal",
        )
        axes.plotly_chart(
            charts.split_histograms(points),
            key="dataset.histograms",
            config=charts.CONFIG,
            alt="Histograms of valence and arousal for each split",
        )
    with right:
        st.subheader(
            "Splits", anchor=False, help="No subject is in two splits, so test figures are about new people."
        )
        rows = []
        for split, title in SPLITS.items():
            part = points[points["split"] == split]
            rows.append(
                Row(
                    [
                        Cell(title),
                        Cell(f"{getattr(dataset, f'n_{split}'):,}"),
                        Cell(
                            f"{part['subject'].nunique():,}"
                            if len(part) and (part["subject"] != "").any()
                            else "–"
                        ),
                        Cell(
                            number(part["valence"].mean(), 2), below=f"± {number(part['valence'].std(), 2)}"
                        ),
                        Cell(
                            number(part["arousal"].mean(), 2), below=f"± {number(part['arousal'].std(), 2)}"
                        ),
                    ]
                )
            )
        heads = [
            ("Split", ""),
            ("Samples", ""),
            ("Subjects", ""),
            ("Valence", "mean ± sd"),
            ("Arousal", "mean ± sd"),
        ]
        draw_table(heads, rows)


def _sample(sample: SampleRecord) -> None:
    words = f"valence {number(sample.valence, 2)}, arousal {number(sample.arousal, 2)}"
    st.image(sample.jpeg, width="stretch", alt=f"Face of {sample.subject or 'an unnamed subject'}, {words}")
    st.caption(
        f"V {number(sample.valence, 2)} · A {number(sample.arousal, 2)}  \n{sample.subject} · {sample.split}"
    )


@st.fragment
def _samples(dataset_id: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.subheader("Samples", anchor=False)
        st.space("stretch")
        split = st.segmented_control(
            "Split",
            ["all", *SPLITS],
            default="all",
            required=True,
            key="dataset.split",
            label_visibility="collapsed",
        )
        if st.button("Others", key="dataset.shuffle", icon=":material/shuffle:", help="Show other samples."):
            st.session_state["dataset.seed"] = int(st.session_state.get("dataset.seed", 0)) + 1
    seed = int(st.session_state.get("dataset.seed", 0))
    chosen = None if split == "all" else split
    samples = need(client.dataset_samples, dataset_id, split=chosen, limit=2 * SAMPLES_PER_ROW, seed=seed)
    if not samples:
        st.caption("No samples in this split.")
    with st.container(key="tiles-samples"):
        for start in range(0, len(samples), SAMPLES_PER_ROW):
            columns = st.columns(SAMPLES_PER_ROW, gap="small")
            for column, sample in zip(columns, samples[start : start + SAMPLES_PER_ROW], strict=False):
                with column:
                    _sample(sample)


def dataset_report(dataset: DatasetRecord) -> None:
    """Everything about a data set that is ready."""
    _figures(dataset)
    _spread(dataset)
    _findings(dataset.card)
    _samples(dataset.id)
