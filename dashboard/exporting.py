"""Tables of figures for papers and spreadsheets: csv and LaTeX. Plain functions, no page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from avce.published import PublishedResult
from dashboard.comparing import Group, SeedGroup
from dashboard.words import METRICS
from workers.records import EvaluationRecord

AXES = ("valence", "arousal")
_SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "·": r"$\cdot$", "−": "$-$",
}  # fmt: skip


def as_csv(evaluations: Sequence[EvaluationRecord]) -> str:
    """The chosen rows with intervals, one line per evaluation."""
    out = io.StringIO()
    columns = [f"{name}_{axis}" for name in METRICS for axis in AXES]
    heads = ["run", "dataset", "split", "protocol", "n"]
    writer = csv.writer(out)
    writer.writerow(
        heads + [part for column in columns for part in (column, f"{column}_low", f"{column}_high")]
    )
    for item in evaluations:
        line: list[object] = [item.run_name, item.dataset_name, item.split, item.protocol, item.n]
        for name in METRICS:
            for axis in AXES:
                figures = item.metrics.get(axis, {})
                low, high = figures.get("interval", {}).get(name) or (None, None)
                line += [figures.get(name), low, high]
        writer.writerow(line)
    return out.getvalue()


def as_latex(
    groups: Iterable[Group],
    seeds: Mapping[int, Sequence[SeedGroup]],
    published: Sequence[PublishedResult] = (),
) -> str:
    r"""A ``booktabs`` table: our rows by what may be ranked, seed groups as mean ± sd, printed rows beside.

    Args:
        groups: As :func:`dashboard.comparing.groups` makes them.
        seeds: Place of a group → its seed groups, which stand for their runs.
        published: Rows printed elsewhere; each keeps its source as a comment.
    """
    lines = [
        "% needs \\usepackage{booktabs}",
        "\\begin{tabular}{l" + "r" * (len(METRICS) * len(AXES)) + "}",
        "\\toprule",
    ]
    heads = [f"{METRICS[name][0]}-{axis[0].upper()}" for name in METRICS for axis in AXES]
    lines.append(" & ".join(["Method", *heads]) + r" \\")
    for place, group in enumerate(groups):
        words = f"{group.title}, protocol: {group.protocol}, n = {group.evaluations[0].n}"
        lines += ["\\midrule", _band(words)]
        lines += _rows_of(group, list(seeds.get(place, ())))
    if published:
        lines += ["\\midrule", _band("Printed elsewhere: other data and protocol, not ranked")]
    for row in published:
        values = {"valence": row.valence, "arousal": row.arousal}
        cells = [_plain(values[axis].get(name)) for name in METRICS for axis in AXES]
        lines.append(f"% {row.source}; {row.dataset}; {row.protocol}")
        lines.append(" & ".join([escaped(f"{row.method}, {row.dataset}"), *cells]) + r" \\")
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}", ""])


def _rows_of(group: Group, seeds: list[SeedGroup]) -> list[str]:
    """Seed groups first, then the runs that are in none."""
    lines, summed = [], {item.id for of_seeds in seeds for item in of_seeds.evaluations}
    for of_seeds in seeds:
        cells = [_spread(of_seeds.figures.get(axis, {}).get(name)) for name in METRICS for axis in AXES]
        lines.append(" & ".join([escaped(f"{of_seeds.name} ({of_seeds.n} seeds)"), *cells]) + r" \\")
    for item in group.evaluations:
        if item.id not in summed:
            cells = [_figure(item.metrics.get(axis, {}).get(name)) for name in METRICS for axis in AXES]
            lines.append(" & ".join([escaped(item.run_name), *cells]) + r" \\")
    return lines


def escaped(text: str) -> str:
    """Text with LaTeX's special characters written out."""
    return "".join(_SPECIAL.get(letter, letter) for letter in text)


def _band(words: str) -> str:
    return f"\\multicolumn{{{1 + len(METRICS) * len(AXES)}}}{{l}}{{\\textit{{{escaped(words)}}}}} \\\\"


def _figure(value: Any) -> str:
    return "--" if value is None else f"${value:.3f}$"


def _plain(value: float | None) -> str:
    """As printed: no digit more than the source gives."""
    return "--" if value is None else f"${value:g}$"


def _spread(pair: tuple[float, float] | None) -> str:
    return "--" if pair is None else f"${pair[0]:.3f} \\pm {pair[1]:.3f}$"
