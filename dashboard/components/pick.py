"""Choosing one record from a list, kept in the address so that a link opens the same thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import Protocol, TypeVar

import streamlit as st

ECHO_S = 10.0
"""How long a choice that was left is not taken from the address again; a slow page takes seconds to be drawn."""


class HasId(Protocol):
    """Any record."""

    @property
    def id(self) -> str:
        """The row's id."""


T = TypeVar("T", bound=HasId)


def labels(records: Iterable[T], name: Callable[[T], str]) -> dict[str, str]:
    """Id to text, all texts different: the browser names a choice by its text, so equal ones get their ids too."""
    names = {record.id: name(record) for record in records}
    counts = Counter(names.values())
    return {key: text if counts[text] == 1 else f"{text} [{key[:6]}]" for key, text in names.items()}


def _is_echo(key: str, asked: str) -> bool:
    """Whether the address is only what the browser had before it heard of a new choice.

    A click right after a choice carries the old address: the browser sends what its address line shows, and the line
    follows the choice only once the page was drawn.
    """
    left: dict[str, float] = st.session_state.get(f"{key}.left", {})
    return asked in left and monotonic() - left[asked] < ECHO_S


def _write_address(param: str, key: str, chosen: str) -> None:
    """Keep the choice in the address, and when the one before it was left."""
    written, left = f"{key}.asked", st.session_state.setdefault(f"{key}.left", {})
    before = st.session_state.get(written)
    if before is not None and before != chosen:
        left[before] = monotonic()
    st.session_state[written] = chosen
    st.query_params[param] = chosen


def pick(label: str, records: Sequence[T], name: Callable[[T], str], *, param: str, key: str) -> T:
    """A select box over records, newest first as given; ``?param=id`` in the address chooses one.

    Args:
        label: What is chosen.
        records: At least one.
        name: Text of a record. It must not change while the page is open (no state, no "5 s ago"): the browser
            names the choice by this text.
        param: Name in the address.
        key: Widget key.
    """
    by_id = {record.id: record for record in records}
    asked = st.query_params.get(param)
    is_drawn = st.session_state.get(key) in by_id
    is_new = asked != st.session_state.get(f"{key}.asked") and not _is_echo(key, asked or "")
    if asked in by_id and (is_new or not is_drawn):
        st.session_state[key] = asked
    elif not is_drawn:
        st.session_state[key] = next(iter(by_id))
    chosen = st.selectbox(label, list(by_id), format_func=labels(records, name).__getitem__, key=key)
    _write_address(param, key, chosen)
    return by_id[chosen]
