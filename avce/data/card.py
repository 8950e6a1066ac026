"""What a card says about a data set: counts, histogram, findings. Everything the dashboard shows of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from avce.data.checks import label_findings, picture_findings, split_findings
from avce.data.decision import Decision
from avce.data.duplicates import exact_findings, near_findings
from avce.data.findings import by_severity
from avce.data.labels import LabelIndex
from avce.data.tangle import tangle_findings
from avce.options import Split

BINS = 20


def describe(
    index: LabelIndex, samples: pd.DataFrame, thumbs: list[bytes], decision: Decision, given_splits: list[str]
) -> dict[str, Any]:
    """The part of a card that tells what the data is.

    Args:
        index: Where labels came from.
        samples: All rows, with what was seen in their pictures.
        thumbs: A thumbnail per row, empty without a face.
        decision: How crops were made.
        given_splits: Splits that the owners gave.
    """
    findings = [
        *index.notes,
        *label_findings(samples),
        *split_findings(samples, given_splits),
        *picture_findings(samples, decision),
        *tangle_findings(samples),
        *exact_findings(index.source, samples),
        *near_findings(samples, thumbs),
    ]
    is_owners = bool(given_splits) and set(given_splits) == set(samples["split"])
    return {
        "name": index.source.title,
        "layout": index.layout,
        "layout_reason": index.layout_reason,
        "labels": "weak" if samples["weak"].any() else "exact",
        "crops": decision.text,
        "splits": "owners'" if is_owners else "ours",
        "n_samples": len(samples),
        "n_faces": int(samples["face"].sum()),
        "n_subjects": n_subjects(samples),
        "counts": counts(samples),
        "histogram2d": histogram2d(samples),
        "findings": [item.model_dump(mode="json") for item in by_severity(findings)],
        **index.extra,
    }


def n_subjects(samples: pd.DataFrame) -> int:
    """Number of known subjects."""
    return int(samples["subject"][samples["subject"] != ""].nunique())


def counts(samples: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Samples and known subjects of each split, and usable faces where pictures were looked at."""
    table = {}
    used = samples[[name for name in ("subject", "face") if name in samples]]
    for split in Split:
        part = used[samples["split"] == split.value]
        table[split.value] = {"samples": len(part), "subjects": n_subjects(part)}
        if "face" in part:
            table[split.value]["faces"] = int(part["face"].sum())
    return table


def histogram(samples: pd.DataFrame, axis: str) -> dict[str, list[float]]:
    """Counts of one axis over the same edges as :func:`histogram2d`."""
    found, edges = np.histogram(samples[axis], bins=BINS, range=(-1, 1))
    return {"edges": edges.round(6).tolist(), "counts": found.tolist()}


def histogram2d(samples: pd.DataFrame) -> dict[str, Any]:
    """Counts over the plane: ``counts[v][a]``, valence first, edges from -1 to 1."""
    edges = np.linspace(-1, 1, BINS + 1)
    found, _, _ = np.histogram2d(samples["valence"], samples["arousal"], bins=(edges, edges))
    return {"edges": edges.round(6).tolist(), "counts": found.astype(int).tolist()}
