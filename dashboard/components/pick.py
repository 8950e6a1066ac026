"""Choosing one record from a list, kept in the address so that a link opens the same thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

import streamlit as st


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
    if asked in by_id and st.session_state.get(f"{key}.asked") != asked:
        st.session_state[key] = asked
    if st.session_state.get(key) not in by_id:
        st.session_state[key] = next(iter(by_id))
    chosen = st.selectbox(label, list(by_id), format_func=labels(records, name).__getitem__, key=key)
    st.session_state[f"{key}.asked"] = chosen
    st.query_params[param] = chosen
    return by_id[chosen]
