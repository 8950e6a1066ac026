"""A sweep in the training form: one or two options, and the values that each takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any

import streamlit as st

from avce.errors import AvceError
from avce.options import AvceOptions, TrainOptions
from dashboard.components.forms import label_of
from dashboard.components.guard import show
from workers import client

NOT_SWEPT = {"avce", "betas", "num_threads", "num_workers"}


@dataclass(frozen=True)
class Swept:
    """What was chosen: values by option, empty without a sweep; ``is_good`` unless they cannot be."""

    options: dict[str, list[Any]] = field(default_factory=dict)
    is_good: bool = True

    @property
    def count(self) -> int:
        """How many runs that makes."""
        return prod(len(values) for values in self.options.values())


def read_values(text: str) -> list[Any]:
    """``1, 2.5, none`` as values; whole numbers stay whole, words stay words, and ``true``/``false`` are switches."""
    return [_value(part.strip()) for part in text.replace(";", ",").split(",") if part.strip()]


def _value(text: str) -> Any:
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _names(options: TrainOptions) -> list[str]:
    own = [name for name in TrainOptions.model_fields if name not in NOT_SWEPT and name != "seed"]
    inner = [f"avce.{name}" for name in AvceOptions.model_fields] if options.method == "avce" else []
    return ["seed", *own, *inner]


def _label(name: str) -> str:
    part, _, inner = name.partition(".")
    return f"AVCE: {label_of(inner)}" if inner else label_of(part)


def sweep_fields(options: TrainOptions | None) -> Swept:
    """Ask for options and values; each combination becomes a run of one group."""
    if options is None:
        return Swept()
    with st.expander("Sweep: several runs as one group", icon=":material/grid_view:"):
        chosen = st.multiselect(
            "Options to sweep", _names(options), key="train.sweep", format_func=_label, max_selections=2,
            placeholder="None: a single run", help="Seeds show how much of a difference is chance.",
        )  # fmt: skip
        values = {
            name: read_values(
                st.text_input(
                    f"Values of {_label(name)}",
                    key=f"train.sweep.{name}",
                    value="1, 2, 3" if name == "seed" else "",
                    placeholder="separated by commas",
                )
            )
            for name in chosen
        }
        if not values:
            return Swept()
        try:
            planned = client.sweep_options(options, values)
        except AvceError as error:
            show(error)
            return Swept(values, is_good=False)
        st.caption(
            f"{len(planned)} runs, queued together; the group has its mean ± standard deviation in Jobs and Runs."
        )
    return Swept(values)
