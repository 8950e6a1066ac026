"""Labels that hang together with where a picture comes from: a model can then tell the source instead of the face."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from avce.data.findings import Finding, finding

COLOURED = 0.02
"""Mean distance between a picture's strongest and weakest channel, as a share of full scale, from which it is in colour.
Grey pictures stored as RGB lie below .005, faded films above .04."""
GAP = 0.3
"""Difference of shares, inside and outside a group, that is worth a warning."""
ENOUGH = 20
"""Pictures that a group needs, and that its rest needs."""
COMMON = 0.05
"""Share of all pictures that a size needs to be looked at."""

WHY = (
    "Where a label and the kind of picture go together, a model can learn the source in place of the face, and the figures"
    " look good until it meets other pictures. Train and test on sources in which every label occurs, or make all grey."
)


def tangle_findings(table: pd.DataFrame) -> Iterator[Finding]:
    """Groups of labels whose pictures are of another kind than the rest: in colour, or of one size.

    Groups are the categories, else the quadrants of the plane. Frames of sequences are left aside: each sequence has
    one source and few labels, which says nothing about the set.

    Args:
        table: Columns of an index with what was seen (``width``, ``height``, ``chroma``), a row per picture.
    """
    if "chroma" not in table:
        return
    stills = table[(table["video"] == "") & table["face"].to_numpy(bool) & table["chroma"].notna()]
    if len(stills) < 2 * ENOUGH:
        return
    groups = _groups(stills)
    for kinds in (_colour(stills), _sizes(stills)):
        told = sorted(
            (-gap, text)
            for kind, has in kinds
            for name, chosen in groups
            for gap, text in _compared(name, kind, has, chosen)
        )
        if told:
            texts = [text for _, text in told]
            yield finding("warning", f"label and source are tangled: {texts[0]}", WHY, texts)


def _groups(stills: pd.DataFrame) -> list[tuple[str, NDArray[np.bool_]]]:
    category = stills["category"].to_numpy(object)
    if (category != "").all():
        return [(name, category == name) for name in sorted(set(category))]
    high = stills["arousal"].to_numpy(np.float64) >= 0
    pleasant = stills["valence"].to_numpy(np.float64) >= 0
    return [
        ("valence ≥ 0, arousal ≥ 0", pleasant & high),
        ("valence < 0, arousal ≥ 0", ~pleasant & high),
        ("valence < 0, arousal < 0", ~pleasant & ~high),
        ("valence ≥ 0, arousal < 0", pleasant & ~high),
    ]


def _colour(stills: pd.DataFrame) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    yield "in colour", stills["chroma"].to_numpy(np.float64) > COLOURED


def _sizes(stills: pd.DataFrame) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    sizes = stills["width"].astype(str) + " x " + stills["height"].astype(str)
    shares = sizes.value_counts(normalize=True)
    for size in shares[(shares >= COMMON) & (shares < 1)].index[:8]:
        yield f"of {size} pixels", (sizes == size).to_numpy(bool)


def _compared(
    name: str, kind: str, has: NDArray[np.bool_], chosen: NDArray[np.bool_]
) -> Iterator[tuple[float, str]]:
    """The group's share beside the rest's; nothing when they are alike or there are too few pictures."""
    if min(int(chosen.sum()), int((~chosen).sum())) < ENOUGH:
        return
    inside, outside = float(has[chosen].mean()), float(has[~chosen].mean())
    if abs(inside - outside) >= GAP:
        yield (
            abs(inside - outside),
            f"{name}: {inside:.0%} of the pictures are {kind}, {outside:.0%} of the others",
        )
