"""Accept a data set as it is, or make it again with changes: always a new one, never a change of the old."""

from __future__ import annotations

import re
from typing import Any

import streamlit as st

from avce.options import PrepareOptions
from dashboard.components.dataset_add import started
from dashboard.components.dataset_recipe import recipe_fields
from dashboard.components.forms import label_of
from dashboard.components.guard import attempt
from dashboard.words import stamp
from workers import client
from workers.records import DatasetRecord

ROW_IN_ERROR = re.compile(r"(?:^|: )([^:]+\.\w+, row \d+)")


def _prefix(dataset_id: str) -> str:
    return f"datasets.mend.{dataset_id}"


def _values(dataset: DatasetRecord) -> dict[str, Any]:
    return PrepareOptions().model_dump() | dataset.options


def leave_out(dataset: DatasetRecord, names: list[str]) -> None:
    """Put names among the rows to leave out; for a button's callback."""
    key = f"{_prefix(dataset.id)}.exclude"
    before = st.session_state.get(key)
    lines = _values(dataset)["exclude"] if before is None else str(before).splitlines()
    st.session_state[key] = "\n".join(dict.fromkeys([*lines, *names]))
    st.session_state[f"{_prefix(dataset.id)}.open"] = True
    st.toast(
        f"{len(names):,} names are among the rows to leave out, below", icon=":material/playlist_remove:"
    )


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What differs between two recipes, in words."""
    default = PrepareOptions().model_dump(mode="json")
    said = []
    for name in default:
        before, after = (options.get(name, default[name]) for options in (old, new))
        if before == after:
            continue
        if name == "exclude":
            said.append(f"{len(after):,} names left out (before: {len(before):,})")
        elif name == "weak_labels":
            said.append("another table of weak labels")
        else:
            said.append(f"{label_of(name).lower()} {after} (before: {before})")
    return said


def origin(dataset: DatasetRecord) -> None:
    """From what a data set was made again, and what was accepted in it."""
    if dataset.made_from:
        old = attempt(client.get_dataset, dataset.made_from)
        if old is not None:
            said = "; ".join(changes(old.options, dataset.options)) or "nothing"
            st.caption(
                f":material/build: Made again from **{old.name}** ({stamp(old.created_at)}). Changed: {said}."
            )
    if dataset.accepted:
        n = len(dataset.accepted.get("findings", []))
        st.caption(
            f":material/check: Its {n} findings were read and accepted on {str(dataset.accepted['at'])[:10]}."
        )


def _accept(dataset: DatasetRecord) -> None:
    if attempt(client.accept_findings, dataset.id) is not None:
        st.toast("Noted: the findings are accepted", icon=":material/check:")


def accept_button(dataset: DatasetRecord) -> None:
    """Note that the findings were read; shown until that was done."""
    if dataset.card.get("findings") and not dataset.accepted:
        st.button(
            "Accept as it is",
            key="dataset.accept",
            icon=":material/check:",
            on_click=_accept,
            args=(dataset,),
            help="Notes, with the date, that these findings were read. The data set stays as it is; it can be used either way.",
        )


def mend_form(dataset: DatasetRecord) -> None:
    """Make the data set again: rows left out, other splits, another scale, other weak labels, another recipe."""
    prefix, failed = _prefix(dataset.id), dataset.state == "failed"
    values = _values(dataset)
    error = dataset.error or ""
    if failed and "label_scale" not in error and (match := ROW_IN_ERROR.search(error)):
        values["exclude"] = tuple(dict.fromkeys([*values["exclude"], match[1]]))
    is_open = failed or bool(st.session_state.get(f"{prefix}.open"))
    with st.expander("Fix: make it again with changes", expanded=is_open, icon=":material/build:"):
        st.caption(
            "This data set stays as it is, with all that was trained on it. The same source is read again into a new one, "
            "which keeps what was changed."
        )
        name = st.text_input(
            "Name of the new data set", value=f"{dataset.name}, mended", key=f"{prefix}.name"
        )
        options = recipe_fields(values, prefix=prefix, weak_of=dataset.id, layout=dataset.layout)
        if options is None:
            return
        said = changes(dataset.options, options.model_dump(mode="json"))
        st.caption(f"Changes: {'; '.join(said) if said else 'none yet'}.")
        if st.button(
            "Make a new data set", key=f"{prefix}.make", type="primary", disabled=not (said or failed)
        ):
            started(attempt(client.remake_dataset, dataset.id, name, options))
