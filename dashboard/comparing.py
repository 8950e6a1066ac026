"""Which figures may stand side by side, and where two configurations differ. Plain functions, no page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workers.records import EvaluationRecord


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
