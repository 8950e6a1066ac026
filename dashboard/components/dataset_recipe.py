"""The form of how a data set is read, cut and split: for a new one, and for one that is made again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from avce.errors import AvceError
from avce.options import PrepareOptions
from dashboard.components.forms import option_fields
from dashboard.components.guard import attempt, show
from workers import client

CROP_FIELDS = ("detect", "margin", "size", "min_score", "every_nth_frame", "label_scale")
SPLIT_FIELDS = ("splits", "val_share", "test_share", "seed", "folds", "fold")


def recipe_fields(
    values: Mapping[str, Any], *, prefix: str, weak_of: str | None = None, layout: str = ""
) -> PrepareOptions | None:
    """The fields; returns the options, or nothing when they do not fit together, which is said.

    Args:
        values: What the fields begin with.
        prefix: Of the widget keys.
        weak_of: A data set whose table of weak labels is edited; else ours.
        layout: Layout of that data set: the table is only offered where labels come from categories or may do so.
    """
    st.markdown("**Faces and labels**")
    chosen = option_fields(PrepareOptions, CROP_FIELDS, values, prefix=prefix)
    st.markdown("**Splits**")
    chosen |= option_fields(PrepareOptions, SPLIT_FIELDS, values, prefix=prefix)
    st.markdown("**Rows to leave out**")
    chosen |= option_fields(PrepareOptions, ("exclude",), values, prefix=prefix, columns=1)
    if layout in {"", "categories"}:
        weak = _weak_fields(weak_of, key=f"{prefix}.weak")
        chosen["weak_labels"] = weak or values.get("weak_labels")
    kept = {name: value for name, value in values.items() if name not in chosen}
    try:
        return PrepareOptions.parse(kept | chosen)
    except AvceError as error:
        show(error)
        return None


def _weak_fields(dataset_id: str | None, *, key: str) -> dict[str, tuple[float, float]] | None:
    """The table of categories; nothing when it was left as it is."""
    st.markdown(
        "**Weak labels**",
        help="Where pictures come with categories instead of valence and arousal, each category stands for one point of the "
        "plane. The table is stored with the data set. Add a row for a category of your own.",
    )
    given = attempt(client.weak_labels, dataset_id)
    if given is None:
        return None
    table = pd.DataFrame(
        [(name, *pair) for name, pair in given.items()], columns=["category", "valence", "arousal"]
    )
    number = st.column_config.NumberColumn
    edited = st.data_editor(
        table,
        key=key,
        num_rows="dynamic",
        hide_index=True,
        alt="Valence and arousal of each category",
        column_config={
            "category": st.column_config.TextColumn("Category", required=True),
            "valence": number("Valence", min_value=-1, max_value=1, step=0.05, required=True),
            "arousal": number("Arousal", min_value=-1, max_value=1, step=0.05, required=True),
        },
    ).dropna()
    columns = (edited["category"], edited["valence"].astype(float), edited["arousal"].astype(float))
    pairs = {str(name): (float(v), float(a)) for name, v, a in zip(*columns, strict=True)}
    return None if pairs == given else pairs
