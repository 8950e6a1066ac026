"""The training form: presets fill it, every field explains itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from avce.errors import AvceError
from avce.options import FIDELITY, PRESETS, Backbone, Method, TrainOptions, train_options
from dashboard.components.forms import help_of, option_fields
from dashboard.components.guard import show
from dashboard.components.option_sections import folded_options
from dashboard.components.start_from import start_field
from dashboard.words import method_name
from workers.records import RunRecord

MAIN = ("epochs", "batch_size", "input_size", "learning_rate", "augment", "seed")
PRESET_WORDS = {
    "quick": "Good figures on two cores",
    "poster": "As on the poster",
    "authors": "As in the authors' code",
    "fine_tune": "Fine-tune the starter model",
    "smoke": "Two epochs, to see that it runs",
}


@dataclass(frozen=True)
class Filled:
    """What the form holds: checked options, or ``None`` after showing what is wrong."""

    options: TrainOptions | None


def _preset() -> tuple[str, str | None]:
    left, right = st.columns(2)
    preset = left.selectbox(
        "Preset", list(PRESETS), key="train.preset", format_func=lambda name: f"{name} — {PRESET_WORDS.get(name, '')}",
        help="Fills the form; every field can still be changed.",
    )  # fmt: skip
    fidelity = right.selectbox(
        "AVCE objective", ["as the preset", *FIDELITY], key="train.fidelity",
        help="“sound” is the corrected form, “poster” follows the printed text, “authors” the published code with its quirks.",
    )  # fmt: skip
    return preset, None if fidelity == "as the preset" else fidelity


def _method_and_backbone(base: TrainOptions, prefix: str) -> dict[str, Any]:
    left, right = (column.container(gap="xsmall") for column in st.columns(2))
    fields = TrainOptions.model_fields
    methods, backbones = [str(method) for method in Method], [str(backbone) for backbone in Backbone]
    method = left.selectbox(
        "Method", methods, index=methods.index(base.method), key=f"{prefix}.method", help=help_of(fields["method"]),
        format_func=method_name,
    )  # fmt: skip
    left.caption(Method(method).words)
    backbone = right.selectbox(
        "Backbone", backbones, index=backbones.index(base.backbone), key=f"{prefix}.backbone",
        help=help_of(fields["backbone"]),
    )  # fmt: skip
    right.caption(Backbone(backbone).words)
    return {"method": method, "backbone": backbone}


def _base(like: RunRecord | None) -> tuple[TrainOptions, str]:
    """What fills the form, and a prefix of the fields' keys that changes with it."""
    if like is not None:
        st.info(
            f"Filled with the options of “{like.name}”; change what you like.", icon=":material/content_copy:"
        )
        return TrainOptions.parse(like.options), f"train.like.{like.id}"
    preset, fidelity = _preset()
    return train_options(preset=preset, fidelity=fidelity), f"train.{preset}.{fidelity or 'preset'}"


def train_form(like: RunRecord | None = None) -> Filled:
    """Draw the form, filled from a preset or with another run's options, and check what is in it."""
    base, prefix = _base(like)
    values = base.model_dump()
    chosen = _method_and_backbone(base, prefix)
    chosen["pretrained"] = start_field(base, chosen["backbone"], prefix=prefix)
    chosen |= option_fields(TrainOptions, MAIN, values, prefix=prefix)
    chosen |= folded_options(base, chosen["method"], prefix=prefix)
    try:
        return Filled(TrainOptions.parse({**values, **chosen}))
    except AvceError as error:
        show(error)
        return Filled(None)
