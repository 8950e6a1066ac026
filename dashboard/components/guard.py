"""The one way in which errors of the client reach the reader."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import streamlit as st

from avce.errors import AvceError

P = ParamSpec("P")
T = TypeVar("T")


def show(error: AvceError) -> None:
    """Show an error that was made for the reader."""
    st.error(str(error), icon=":material/error:")


def need(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Result of a client call that the rest of the page cannot do without.

    On an error its text is shown and the page (or fragment) ends there.
    """
    try:
        return call(*args, **kwargs)
    except AvceError as error:
        show(error)
        st.stop()


def attempt(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
    """Result of a client call after a click, or ``None`` when it failed and its text was shown."""
    try:
        return call(*args, **kwargs)
    except AvceError as error:
        show(error)
        return None


def act(subject_id: str, call: Callable[..., object], *args: object, **kwargs: object) -> None:
    """What a button does to something (``call(subject_id, …)``), before the page is drawn anew.

    A refusal is kept for :func:`show_refusal`: nothing can be drawn yet.
    """
    try:
        call(subject_id, *args, **kwargs)
    except AvceError as error:
        st.session_state[f"refused.{subject_id}"] = str(error)


def show_refusal(subject_id: str, *, otherwise: str | None = None) -> None:
    """Show why the last button for something was refused, once; else ``otherwise``, if there is such a text."""
    if words := st.session_state.pop(f"refused.{subject_id}", None) or otherwise:
        st.error(words, icon=":material/error:")
