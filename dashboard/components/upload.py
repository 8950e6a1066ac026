"""The upload field: files go to the store in pieces by the route, past Streamlit's memory."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.components.frame import asset
from workers.records import StoredFile

_FIELD = st.components.v2.component(
    "avce_upload",
    html=asset("upload.html"),
    css=asset("upload.css"),
    js="\n".join(asset(name) for name in ("upload_hash.js", "upload_send.js", "upload.js")),
)


def _nothing() -> None:
    """Streamlit wants a callback for each value that a part reports."""


def upload_field(
    label: str, *, key: str, accept: Sequence[str] = (), multiple: bool = False
) -> list[StoredFile]:
    """Let the reader choose files; returns them once all are in the store.

    An upload goes on while the reader is on other pages, and one that was cut off is offered by the fields of its place.

    Args:
        label: Text of the button.
        key: Unique on the page; a new key gives an empty field. Its first two words (``video.upload``) are its place.
        accept: Endings such as ``.zip`` that the file dialog offers.
        multiple: Allow several files.
    """
    place = ".".join(key.split(".")[:2])
    result = _FIELD(
        key=key,
        data={
            "key": key, "place": place, "label": label, "accept": ",".join(accept), "multiple": multiple, "base": base_path(),
        },
        default={"files": []},
        on_files_change=_nothing,
    )  # fmt: skip
    return [StoredFile.model_validate(item) for item in result.files or []]


def base_path() -> str:
    """Prefix of all addresses when the pages live below another path, else empty."""
    prefix = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{prefix}" if prefix else ""
