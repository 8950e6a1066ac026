"""A file or folder of the server, below what the operator allows: typed, or chosen step by step."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.components.guard import attempt
from workers import client


def server_path(label: str, *, prefix: str, placeholder: str, endings: Sequence[str] | None = None) -> str:
    """The path that the reader has typed or chosen; may be empty.

    Args:
        label: Of the field.
        prefix: What keys of the session begin with.
        placeholder: An example.
        endings: Files to offer; ``None``: archives and tables.
    """
    path = st.text_input(label, key=f"{prefix}.path", placeholder=placeholder)
    _step(path, prefix, endings)
    return path.strip()


def _enter(key: str, prefix: str) -> None:
    """Take over what was chosen in the list."""
    chosen = st.session_state.pop(key, None)
    if chosen is not None:
        st.session_state[f"{prefix}.path"] = chosen


def _step(path: str, prefix: str, endings: Sequence[str] | None) -> None:
    entries = attempt(client.server_entries, path or None, endings)
    if not entries:
        if entries is not None:
            st.info(
                "The operator has allowed no folder yet: `AVCE_ALLOWED_FOLDERS` lists those that may be read.",
                icon=":material/folder_off:",
            )
        return
    names = {entry.path: f"{entry.name}/" if entry.is_folder else entry.name for entry in entries}
    key = f"{prefix}.entry.{path}"
    st.selectbox(
        "Choose step by step",
        list(names),
        index=None,
        format_func=names.__getitem__,
        placeholder="What lies here" if path else "Allowed folders",
        key=key,
        on_change=_enter,
        args=(key, prefix),
    )
