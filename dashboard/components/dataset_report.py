"""What a data set holds: counts, the spread of its labels, faces, findings, and how to mend it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.components.dataset_faces import SPLITS, faces, plane
from dashboard.components.dataset_findings import findings
from dashboard.components.dataset_mend import mend_form, origin
from dashboard.components.explain import metric_row
from dashboard.components.guard import need
from dashboard.components.tables import Cell, Row, draw_table
from dashboard.words import number
from workers import client
from workers.records import DatasetRecord


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


def _splits(points: pd.DataFrame, dataset: DatasetRecord) -> None:
    st.header(
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
                    Cell(number(part["valence"].mean(), 2), below=f"± {number(part['valence'].std(), 2)}"),
                    Cell(number(part["arousal"].mean(), 2), below=f"± {number(part['arousal'].std(), 2)}"),
                ]
            )
        )
    heads = [
        ("Split", ""),
        ("Samples", ""),
        ("Subjects", ""),
        ("Valence", "Mean of the labels; below, their standard deviation."),
        ("Arousal", "Mean of the labels; below, their standard deviation."),
    ]
    draw_table(heads, rows)


def dataset_report(dataset: DatasetRecord) -> None:
    """Everything about a data set that is ready."""
    _figures(dataset)
    origin(dataset)
    points = need(client.dataset_points, dataset.id)
    with st.container(key="wide-spread"):
        left, right = st.columns([6, 5], gap="large")
    with left:
        plane(dataset, points)
    with right:
        _splits(points, dataset)
    faces(dataset)
    findings(dataset)
    mend_form(dataset)
