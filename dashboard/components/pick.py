"""Choosing one record from a list, kept in the address so that a link opens the same thing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import streamlit as st


class HasId(Protocol):
    """Any record."""

    @property
    def id(self) -> str:
        """The row's id."""


T = TypeVar("T", bound=HasId)


def pick(label: str, records: Sequence[T], name: Callable[[T], str], *, param: str, key: str) -> T:
    """A select box over records, newest first as given; ``?param=id`` in the address chooses one.

    Args:
        label: What is chosen.
        records: At least one.
        name: Text of a record.
        param: Name in the address.
        key: Widget key.
    """
    by_id = {record.id: record for record in records}
    asked = st.query_params.get(param)
    if asked in by_id and st.session_state.get(f"{key}.asked") != asked:
        st.session_state[key] = asked
    if st.session_state.get(key) not in by_id:
        st.session_state[key] = next(iter(by_id))
    chosen = st.selectbox(label, list(by_id), format_func=lambda record_id: name(by_id[record_id]), key=key)
    st.session_state[f"{key}.asked"] = chosen
    st.query_params[param] = chosen
    return by_id[chosen]
