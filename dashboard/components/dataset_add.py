"""Three ways in for a data set: upload, a folder of the server, drawn faces."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from avce.errors import AvceError
from avce.options import PrepareOptions, SynthOptions
from dashboard.components.dataset_recipe import recipe_fields
from dashboard.components.forms import option_fields
from dashboard.components.guard import attempt, show
from dashboard.components.server_pick import server_path
from dashboard.components.upload import upload_field
from workers import client
from workers.records import JobRecord, StoredFile

ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".csv", ".jpg", ".jpeg", ".png", ".bmp", ".webp")


def _prepare_options(prefix: str) -> PrepareOptions | None:
    with st.expander("How faces are cut out and split", icon=":material/tune:"):
        return recipe_fields(PrepareOptions().model_dump(), prefix=prefix)


def started(job: JobRecord | None) -> None:
    """After a click: go and look at the new data set."""
    if job is None:
        return
    st.session_state["datasets.epoch"] = int(st.session_state.get("datasets.epoch", 0)) + 1
    if job.dataset_id:
        st.query_params["dataset"] = job.dataset_id
        st.session_state.pop("datasets.chosen.asked", None)
    st.toast(f"Queued: {job.title}", icon=":material/check:")
    st.rerun()


def _title_from(files: list[StoredFile]) -> str:
    return files[0].name.rsplit("/", 1)[-1].split(".")[0] if files else ""


def _upload() -> None:
    epoch = st.session_state.get("datasets.epoch", 0)
    st.caption(
        "A zip or tar in a known layout (AffectNet, Aff-Wild, a folder of images with a csv …), or one csv and its "
        "images. A csv needs the columns `image`, `valence`, `arousal`; `subject` and `split` help."
    )
    files = upload_field("Choose files", key=f"datasets.upload.{epoch}", accept=ENDINGS, multiple=True)
    name = st.text_input(
        "Name", key=f"datasets.name.{epoch}", placeholder=_title_from(files) or "What to call it"
    )
    options = _prepare_options("datasets.upload")
    ready = bool(files) and options is not None
    if st.button("Import", key="datasets.import", type="primary", disabled=not ready) and options is not None:
        started(attempt(client.import_dataset, name or _title_from(files), files, options))


def _server_folder() -> None:
    st.caption(
        "For data that is on the server already. The operator allows folders with AVCE_ALLOWED_FOLDERS."
    )
    path = server_path("Folder or archive on the server", prefix="datasets", placeholder="/data/affwild")
    name = st.text_input("Name", key="datasets.path_name", placeholder="What to call it")
    options = _prepare_options("datasets.folder")
    ready = bool(path) and options is not None
    if (
        st.button("Import folder", key="datasets.import_folder", type="primary", disabled=not ready)
        and options
    ):
        started(
            attempt(client.import_server_folder, name or path.rstrip("/").rsplit("/", 1)[-1], path, options)
        )


def _drawn() -> None:
    st.caption("Rendered faces with known valence and arousal: free to use, and good for a first try.")
    name = st.text_input("Name", value="Drawn faces", key="datasets.synth_name")
    kind = st.segmented_control(
        "Kind", ["stills", "affwild"], default="stills", required=True, key="datasets.synth_kind",
        format_func={"stills": "Still pictures", "affwild": "Talking-head clips"}.__getitem__,
    )  # fmt: skip
    fields = ("subjects", "per_subject", "seed") if kind == "stills" else ("clips", "seconds", "seed")
    defaults = SynthOptions().model_dump()
    chosen = option_fields(SynthOptions, fields, defaults, prefix=f"datasets.synth.{kind}")
    if st.button("Draw them", key="datasets.synth", type="primary"):
        try:
            options = SynthOptions.parse({"kind": kind, **chosen})
        except AvceError as error:
            show(error)
            return
        started(attempt(client.synthesize_dataset, name or "Drawn faces", options))


WAYS: dict[str, Callable[[], None]] = {
    "Upload": _upload,
    "Folder on the server": _server_folder,
    "Drawn faces": _drawn,
}


def add_dataset() -> None:
    """The form; the way chosen is kept while the reader stays on the page."""
    way = st.segmented_control(
        "Where from",
        list(WAYS),
        default="Upload",
        required=True,
        key="datasets.way",
        label_visibility="collapsed",
    )
    WAYS[way or "Upload"]()
