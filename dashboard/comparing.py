"""Which figures may stand side by side, and where two configurations differ. Plain functions, no page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from statistics import fmean, stdev
from typing import Any

import pandas as pd

from workers.records import EvaluationRecord, RunRecord
from workers.states import JobState

SEEDS = {"seed", "num_threads", "keep_every"}
"""Options in which runs of one seed group may differ: what is learned is the same but for chance."""


@dataclass(frozen=True)
class Group:
    """Evaluations that may be ranked: the same samples of the same data, the same way of scoring."""

    dataset: str
    split: str
    protocol: str
    zero_labels: str
    evaluations: list[EvaluationRecord] = field(default_factory=list)

    @property
    def title(self) -> str:
        """For people."""
        return f"{self.dataset} · {self.split} split"


def groups(evaluations: Iterable[EvaluationRecord]) -> list[Group]:
    """Sort evaluations into groups that may be ranked, in the order in which they first appear."""
    found: dict[tuple[str, ...], Group] = {}
    for item in evaluations:
        data = str(item.metrics.get("data") or item.dataset_id)
        zero_labels = str(item.metrics.get("zero_labels", ""))
        key = (data, item.split, item.protocol, zero_labels, str(item.n))
        group = found.setdefault(key, Group(item.dataset_name, item.split, item.protocol, zero_labels))
        group.evaluations.append(item)
    return list(found.values())


def flat(options: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested options with dotted names."""
    result: dict[str, Any] = {}
    for name, value in options.items():
        if isinstance(value, Mapping):
            result |= flat(value, f"{prefix}{name}.")
        else:
            result[f"{prefix}{name}"] = value
    return result


def differences(configs: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Options on which the runs differ: option → run → value; equal ones are left out."""
    flats = {run: flat(options) for run, options in configs.items()}
    names = dict.fromkeys(name for options in flats.values() for name in options)
    table = {name: {run: options.get(name) for run, options in flats.items()} for name in names}
    return {name: row for name, row in table.items() if len({repr(value) for value in row.values()}) > 1}


@dataclass(frozen=True)
class SeedGroup:
    """Runs that differ by their seed alone, measured alike.

    Attributes:
        name: Of the runs, where they share one, else of the first.
        method: Of all of them.
        seeds: In order.
        evaluations: One per run.
        figures: Axis → figure → (mean, standard deviation over runs); undefined figures are left out.
    """

    name: str
    method: str
    seeds: list[int]
    evaluations: list[EvaluationRecord]
    figures: dict[str, dict[str, tuple[float, float]]]

    @property
    def n(self) -> int:
        """Number of runs."""
        return len(self.evaluations)


def seed_groups(
    evaluations: Iterable[EvaluationRecord], runs: Mapping[str, RunRecord], names: Iterable[str]
) -> list[SeedGroup]:
    """Runs among comparable evaluations which differ only by seed, where there are two or more.

    Args:
        evaluations: Of one :class:`Group`; of a run that was measured twice the first counts.
        runs: By id; others are left out.
        names: Figures to average.
    """
    members: dict[str, dict[int, EvaluationRecord]] = {}
    for item in evaluations:
        run = runs.get(item.run_id)
        if run is None:
            continue
        members.setdefault(_but_seed(run), {}).setdefault(int(run.options.get("seed", 0)), item)
    figures = list(names)
    return [
        _seed_group({seed: of_seed[seed] for seed in sorted(of_seed)}, runs, figures)
        for of_seed in members.values()
        if len(of_seed) > 1
    ]


def same_but_seed(runs: Iterable[RunRecord]) -> list[tuple[str, list[RunRecord]]]:
    """Runs that learn the same but for chance, together under one name, in the order in which they first appear."""
    members: dict[str, list[RunRecord]] = {}
    for run in runs:
        members.setdefault(_but_seed(run), []).append(run)
    return [(common_name([run.name for run in alike]), alike) for alike in members.values()]


def _but_seed(run: RunRecord) -> str:
    """Equal for runs that differ by their seed alone."""
    alike = {name: value for name, value in flat(run.options).items() if name not in SEEDS}
    return repr((run.dataset_id, sorted(alike.items())))


def option_table(runs: Iterable[RunRecord]) -> pd.DataFrame:
    """Finished runs of one data set as rows: ``name``, the options that differ, and what came out.

    Returns:
        Index run id; columns ``name``, each option with two values or more, then ``best_epoch, ccc_valence, ccc_arousal,
        mean_ccc``: figures of the best epoch on validation.
    """
    done = [run for run in runs if run.best and run.state is JobState.SUCCEEDED]
    table = pd.DataFrame([flat(run.options) for run in done], index=[run.id for run in done])
    for name in table:
        if table[name].map(lambda value: isinstance(value, (list, dict))).any():
            table[name] = table[name].map(repr)
    table = table[[name for name in table if len(set(table[name])) > 1]]
    table.insert(0, "name", [run.name for run in done])
    table["best_epoch"] = [run.best_epoch for run in done]
    for axis in ("valence", "arousal"):
        table[f"ccc_{axis}"] = pd.Series([run.best.get(f"ccc_{axis}") for run in done], table.index, float)
    return table.assign(mean_ccc=(table["ccc_valence"] + table["ccc_arousal"]) / 2)


def _seed_group(
    members: Mapping[int, EvaluationRecord], runs: Mapping[str, RunRecord], names: list[str]
) -> SeedGroup:
    items = list(members.values())
    table: dict[str, dict[str, tuple[float, float]]] = {}
    for axis in ("valence", "arousal"):
        columns = {name: [item.metrics.get(axis, {}).get(name) for item in items] for name in names}
        table[axis] = {
            name: (fmean(values), stdev(values)) for name, values in columns.items() if None not in values
        }
    first = runs[items[0].run_id]
    return SeedGroup(
        common_name([item.run_name for item in items]), first.method, list(members), items, table
    )


def common_name(names: list[str]) -> str:
    """What the names of all runs begin with, if that says anything."""
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    shared = re.sub(
        r"[\s,·(]*(seed)?[\s\-_=#]*$", "", "".join(letters[0] for letters in alike), flags=re.IGNORECASE
    )
    return shared if len(shared) >= 3 else names[0]
