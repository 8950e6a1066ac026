"""Forms from the option models: a field's range, help and source are written once, in :mod:`avce.options`."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Literal, Union, get_args, get_origin

import streamlit as st
from pydantic.fields import FieldInfo

from avce.options import Options

SPECIAL = {
    "id": "ID",
    "ccc": "CCC",
    "pcc": "PCC",
    "mse": "MSE",
    "ema": "EMA",
    "fps": "FPS",
    "px": "(px)",
    "s": "(s)",
}


def label_of(name: str) -> str:
    """``ccc_weight`` → ``CCC weight``."""
    words = " ".join(SPECIAL.get(word, word) for word in name.split("_"))
    return words[:1].upper() + words[1:]


def help_of(field: FieldInfo) -> str:
    """Description, then where the default comes from."""
    extra = field.json_schema_extra
    source = extra.get("source") if isinstance(extra, dict) else None
    return (field.description or "") + (f"  \n*Source: {source}.*" if source else "")


def _bounds(field: FieldInfo) -> tuple[Any, Any]:
    low = high = None
    for mark in field.metadata:
        low = getattr(mark, "ge", getattr(mark, "gt", low))
        high = getattr(mark, "le", getattr(mark, "lt", high))
    return low, high


def _choices(kind: Any) -> list[str] | None:
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return [str(member) for member in kind]
    return None


def _number(label: str, kind: type, field: FieldInfo, value: Any, *, key: str) -> Any:
    low, high = _bounds(field)
    to = int if kind is int else float
    digits = "%d" if kind is int else "%g"
    step = 1 if kind is int else max(abs(float(value or 0)) / 10, 1e-4)
    return st.number_input(
        label,
        min_value=None if low is None else to(low),
        max_value=None if high is None else to(high),
        value=None if value is None else to(value),
        step=step,
        format=digits,
        key=key,
        help=help_of(field),
    )


def _lines(label: str, field: FieldInfo, value: Any, *, key: str) -> tuple[str, ...]:
    """A text on each line; what a callback has put into the session stays."""
    if key not in st.session_state:
        st.session_state[key] = "\n".join(value or ())
    text = st.text_area(label, key=key, height=90, help=help_of(field), placeholder="one per line")
    return tuple(line.strip() for line in (text or "").splitlines() if line.strip())


def _switch(label: str, field: FieldInfo, value: bool | None, *, key: str) -> bool | None:
    """A toggle; a choice of three where nothing is decided."""
    if value is not None:
        return st.toggle(label, value=value, key=key, help=help_of(field))
    texts: dict[bool | None, str] = {None: "as the model says", True: "yes", False: "no"}
    return st.selectbox(label, list(texts), format_func=texts.__getitem__, key=key, help=help_of(field))


def option_field(model: type[Options], name: str, value: Any, *, key: str) -> Any:
    """The widget that fits one field, with its current value; returns the chosen value.

    Fields that no simple widget fits (tuples of numbers, nested models) are returned unchanged.
    """
    field = model.model_fields[name]
    kind: Any = field.annotation
    if get_origin(kind) in {Union, types.UnionType}:
        kind = next(part for part in get_args(kind) if part is not type(None))
    label = label_of(name)
    choices = _choices(kind)
    if choices is not None:
        current = str(value) if str(value) in choices else choices[0]
        return st.selectbox(label, choices, index=choices.index(current), key=key, help=help_of(field))
    if kind is bool:
        return _switch(label, field, value, key=key)
    if kind in {int, float}:
        return _number(label, kind, field, value, key=key)
    if get_origin(kind) is tuple and get_args(kind) == (str, Ellipsis):
        return _lines(label, field, value, key=key)
    if kind is str:
        return st.text_input(label, value=str(value), key=key, help=help_of(field))
    return value


def option_fields(
    model: type[Options], names: Iterable[str], values: Mapping[str, Any], *, prefix: str, columns: int = 3
) -> dict[str, Any]:
    """Several fields side by side; widget keys are ``prefix.name``, so a new prefix takes new defaults."""
    chosen: dict[str, Any] = {}
    listed = list(names)
    for start in range(0, len(listed), columns):
        row = st.columns(columns, vertical_alignment="bottom")
        for column, name in zip(row, listed[start : start + columns], strict=False):
            with column:
                chosen[name] = option_field(model, name, values[name], key=f"{prefix}.{name}")
    return chosen
