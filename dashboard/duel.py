"""Two models on the same faces: paired differences, wins per person, which faces each sees better. No page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from avce.errors import DataError
from avce.metrics.bootstrap import Difference, holm, paired_difference
from avce.metrics.clusters import group_labels, video_labels
from dashboard.words import METRICS
from workers.records import EvaluationRecord

AXES = ("valence", "arousal")
FIGURES = ("ccc", "rmse")
"""What a duel tests; p-values are corrected over these figures on both axes together."""

LOWER_IS_BETTER = {"rmse"}
PLACE = ["row", "image", "video", "frame", "subject", *AXES]


@dataclass(frozen=True)
class Duel:
    """The answer.

    Attributes:
        pairs: One line per face: ``row``, labels, ``a_valence`` … ``b_arousal``, and ``group``, what was resampled.
        grouped_by: Word for these groups (``subject``, ``video``, ``picture``).
        differences: A − B for each of :data:`FIGURES` and axis, Holm-corrected over all of them.
    """

    pairs: pd.DataFrame
    grouped_by: str
    differences: Mapping[tuple[str, str], Difference]

    @property
    def n_groups(self) -> int:
        """How many groups were resampled."""
        return int(self.pairs["group"].nunique())


def paired(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Predictions of two evaluations side by side, by the row of the data set.

    Raises:
        DataError: They share no face, or a shared face has two labels.
    """
    theirs = second[["row", *AXES, *(f"pred_{axis}" for axis in AXES)]]
    both = first.merge(theirs, on="row", suffixes=("", "_other"), validate="one_to_one")
    if both.empty:
        raise DataError(
            f"expected two evaluations of the same faces, got {len(first)} and {len(second)} rows that share none;"
            " choose two of one data set and split"
        )
    for axis in AXES:
        if not np.allclose(both[axis], both[f"{axis}_other"], equal_nan=True):
            raise DataError(f"the two evaluations have different labels of {axis}; evaluate both runs again")
    names = {f"pred_{axis}": f"a_{axis}" for axis in AXES}
    names |= {f"pred_{axis}_other": f"b_{axis}" for axis in AXES}
    columns = [*PLACE, *names.values()]
    return both.rename(columns=names)[columns].reset_index(drop=True)


def fight(first: EvaluationRecord, a: pd.DataFrame, b: pd.DataFrame, *, resamples: int = 1000) -> Duel:
    """Compare two tables of predictions under the first one's protocol; same tables, same answer.

    Raises:
        DataError: As :func:`paired`.
    """
    pairs = paired(a, b)
    groups, grouped_by = group_labels(pairs)
    zero_labels = str(first.metrics.get("zero_labels") or "excluded")
    table = paired_difference(
        pairs[[f"a_{axis}" for axis in AXES]], pairs[[f"b_{axis}" for axis in AXES]], pairs[list(AXES)], groups,
        protocol=first.protocol, videos=video_labels(pairs)[0], zero_labels=zero_labels, resamples=resamples,
        confidence=float(first.metrics.get("confidence") or 0.95),
    )  # fmt: skip
    found = {(figure, axis): table[axis][figure] for figure in FIGURES for axis in AXES}
    corrected = holm([difference.p_value for difference in found.values()])
    together = {
        key: replace(difference, p_holm=float(p))
        for (key, difference), p in zip(found.items(), corrected, strict=True)
    }
    slim = pairs.drop(columns=["image", "video", "frame", "subject"]).assign(group=pd.Categorical(groups))
    return Duel(slim, grouped_by, together)


def by_subject(pairs: pd.DataFrame) -> pd.DataFrame:
    """RMSE of both models per group and axis: ``group, axis, n, a, b, gain`` with gain = b − a.

    A positive gain is a win of A.
    """
    parts = []
    for axis in AXES:
        squares = pd.DataFrame(
            {
                "group": pairs["group"],
                "a": (pairs[f"a_{axis}"] - pairs[axis]) ** 2,
                "b": (pairs[f"b_{axis}"] - pairs[axis]) ** 2,
            }
        )
        means = squares.groupby("group", sort=True, observed=True).agg(
            n=("a", "size"), a=("a", "mean"), b=("b", "mean")
        )
        means[["a", "b"]] = np.sqrt(means[["a", "b"]])
        parts.append(means.assign(axis=axis, gain=means["b"] - means["a"]).reset_index())
    return pd.concat(parts, ignore_index=True)[["group", "axis", "n", "a", "b", "gain"]]


def wins(table: pd.DataFrame, axis: str) -> tuple[int, int, int]:
    """Groups that A wins, that B wins, and ties, from :func:`by_subject`."""
    gain = table.loc[table["axis"] == axis, "gain"]
    return int((gain > 0).sum()), int((gain < 0).sum()), int((gain == 0).sum())


def gain_points(pairs: pd.DataFrame) -> pd.DataFrame:
    """Where on the plane A is nearer to the label: ``valence, arousal, gain``.

    Gain is the distance of B's point from the label, minus that of A's.
    """
    labels = pairs[list(AXES)].to_numpy(np.float64)
    distance = {
        model: np.linalg.norm(
            pairs[[f"{model}_{axis}" for axis in AXES]].to_numpy(np.float64) - labels, axis=1
        )
        for model in ("a", "b")
    }
    return pairs[list(AXES)].assign(gain=distance["b"] - distance["a"])


def by_quadrant(points: pd.DataFrame) -> list[tuple[str, int, float]]:
    """Quadrant of the labels, faces, mean gain, from :func:`gain_points`; a label of zero counts as positive."""
    places = [
        ("happy", points["valence"].ge(0) & points["arousal"].ge(0)),
        ("fear", points["valence"].lt(0) & points["arousal"].ge(0)),
        ("sad", points["valence"].lt(0) & points["arousal"].lt(0)),
        ("pleasant", points["valence"].ge(0) & points["arousal"].lt(0)),
    ]
    return [(name, int(there.sum()), float(points.loc[there, "gain"].mean())) for name, there in places]


def verdict(difference: Difference, figure: str, names: tuple[str, str]) -> str:
    """Who is better, if the corrected p and the interval are clear of chance."""
    if not difference.is_clear or not difference.p_holm < 0.05:
        return "not clear"
    first_wins = (difference.difference < 0) == (figure in LOWER_IS_BETTER)
    return names[0] if first_wins else names[1]


def duel_csv(duel: Duel, names: tuple[str, str]) -> str:
    """The differences as csv, one line per figure and axis."""
    rows = [
        {
            "a": names[0], "b": names[1], "figure": figure, "axis": axis, "a_minus_b": d.difference, "low": d.low,
            "high": d.high, "p": d.p_value, "p_holm": d.p_holm, "n": len(duel.pairs), "groups": duel.n_groups,
            "grouped_by": duel.grouped_by, "better": verdict(d, figure, names),
        }
        for (figure, axis), d in duel.differences.items()
    ]  # fmt: skip
    return str(pd.DataFrame(rows).to_csv(index=False, lineterminator="\n"))


def title_of(figure: str, axis: str) -> str:
    """``ΔCCC, valence``."""
    return f"Δ{METRICS[figure][0]}, {axis}"
