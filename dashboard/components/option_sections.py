"""The less common options of a training, in folded sections that are built only while they are open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from avce.options import AvceOptions, Method, Options, TrainOptions
from dashboard.components.forms import label_of, option_fields


@dataclass(frozen=True)
class Section:
    """One fold: its title, an icon and the fields in it."""

    title: str
    icon: str
    fields: tuple[str, ...]


SECTIONS = (
    Section("Network", "hub", ("feature_dim", "bottleneck_norm", "dropout", "grey", "clip_length")),
    Section(
        "Optimiser and schedule",
        "trending_down",
        (
            "optimizer", "schedule", "weight_decay", "head_optimizer", "head_learning_rate", "grad_clip", "ema_decay",
        ),
    ),
    Section("Loss", "balance", ("mse_weight", "pcc_weight", "ccc_weight")),
    Section(
        "Stopping, keeping, machine",
        "memory",
        ("validate_every", "early_stopping_epochs", "keep_every", "best_rule", "mixed_precision", "num_threads"),
    ),
)  # fmt: skip
AVCE_SECTIONS = (
    Section(
        "AVCE: views and contrast",
        "functions",
        (
            "solver", "inattentive_solver", "attentive_view", "inattentive_view", "weight", "ramp", "alpha", "beta", "gamma", "product_pairs",
            "squared_terms", "angle", "intensity_term", "sign_penalty", "reduction",
        ),
    ),
    Section(
        "AVCE: hold and push, and the authors' switches",
        "swap_horiz",
        ("hold_push_weight", "hold_weight", "two_step", "keep_eval_after_validation", "dropout_at_test", "validation_protocol"),
    ),
)  # fmt: skip


def folded_options(base: TrainOptions, method: str, *, prefix: str) -> dict[str, Any]:
    """All sections; what was chosen in one stays when it is folded.

    A folded section has no widgets, which the browser and the server would otherwise make anew with every click on the
    page: most people open none. What differs from the preset is told below, so that nothing works unseen.
    """
    chosen: dict[str, Any] = {}
    inner: dict[str, Any] = {}
    with st.container(gap="xsmall"):
        for section in SECTIONS:
            chosen |= _section(section, TrainOptions, base.model_dump(), prefix=prefix)
        if method == Method.AVCE:
            plain = base.avce.model_dump()
            for section in AVCE_SECTIONS:
                inner |= _section(section, AvceOptions, plain, prefix=f"{prefix}.avce")
            chosen["avce"] = {**plain, **inner}
        _differences(base, chosen, inner)
    return chosen


def _section(
    section: Section, model: type[Options], values: Mapping[str, Any], *, prefix: str
) -> dict[str, Any]:
    kept: dict[str, Any] = st.session_state.setdefault(f"{prefix}.kept", {})
    fold = st.expander(
        section.title,
        icon=f":material/{section.icon}:",
        key=f"{prefix}.fold.{section.fields[0]}",
        on_change="rerun",
    )
    shown = {name: kept.get(name, values[name]) for name in section.fields}
    if fold.open:
        with fold:
            shown = option_fields(model, section.fields, shown, prefix=prefix)
        kept.update(shown)
    return shown


def _differences(base: TrainOptions, chosen: Mapping[str, Any], inner: Mapping[str, Any]) -> None:
    """Options in the folds that are not as they came, in one line."""
    pairs = [(name, value, getattr(base, name)) for name, value in chosen.items() if name != "avce"]
    pairs += [(name, value, getattr(base.avce, name)) for name, value in inner.items()]
    told = [f"{label_of(name)} **{value}** (was {was})" for name, value, was in pairs if value != was]
    if told:
        st.caption("Changed above: " + ", ".join(told) + ".")
