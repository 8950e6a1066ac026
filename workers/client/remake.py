"""Make a data set again with other options, accept one as it is, and choose what lies on the server.

A data set never changes: mending one makes another from the same source. It says which it was made from, and its
card keeps the options, so that what was done can be read and repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from avce.options import PrepareOptions
from workers.client._door import door
from workers.client.datasets import add_import, allowed_path
from workers.errors import ClientError
from workers.records import DatasetRecord, JobRecord, ServerEntry
from workers.settings import get_settings
from workers.store import datasets
from workers.store.session import reading, writing
from workers.store.tables import utc_now

MAX_ENTRIES = 1000
READABLE = (
    ".zip",
    ".tar",
    ".tar.gz",
    ".tgz",
    ".tar.bz2",
    ".tbz2",
    ".tar.xz",
    ".txz",
    ".csv",
    ".tsv",
    ".parquet",
)


@door
def remake_dataset(dataset_id: str, name: str, options: PrepareOptions, *, priority: int = 0) -> JobRecord:
    """Import the source of a data set again, as a new data set; the old one stays as it is.

    Raises:
        ClientError: The options are those it has: the result would be the same.
    """
    with reading() as session:
        old = datasets.dataset_record(session, dataset_id)
        source = dict(datasets.require_dataset(session, dataset_id).source)
    if old.state == "ready" and old.options and PrepareOptions.parse(old.options) == options:
        raise ClientError(
            f"{old.name!r} was made with these very options; change one, or use the data set as it is"
        )
    return add_import(name, source | {"made_from": dataset_id}, options, priority=priority)


@door
def accept_findings(dataset_id: str) -> DatasetRecord:
    """Note that a person has read the findings of a data set and uses it nevertheless."""
    with writing() as session:
        record = datasets.dataset_record(session, dataset_id)
        if record.state != "ready":
            raise ClientError(f"data set {record.name!r} is not ready (it is {record.state})")
        titles = [str(finding.get("title", "")) for finding in record.card.get("findings", [])]
        row = datasets.require_dataset(session, dataset_id)
        row.accepted = {"at": utc_now().isoformat(), "findings": titles}
    with reading() as session:
        return datasets.dataset_record(session, dataset_id)


@door
def weak_labels(dataset_id: str | None = None) -> dict[str, tuple[float, float]]:
    """Valence and arousal by category: ours, and over them those that a data set was made with."""
    from avce.data.layouts.categories import WEAK_LABELS  # noqa: PLC0415 (with pandas: slow to load)

    labels = dict(WEAK_LABELS)
    if dataset_id is not None:
        with reading() as session:
            record = datasets.dataset_record(session, dataset_id)
        for given in (record.card.get("weak_labels"), record.options.get("weak_labels")):
            labels |= {str(name): (float(v), float(a)) for name, (v, a) in (given or {}).items()}
    return labels


@door
def server_entries(path: Path | str | None = None, endings: Sequence[str] | None = None) -> list[ServerEntry]:
    """What may be taken from a folder of the server: its folders and files, after the way back.

    Args:
        path: A folder below an allowed one; ``None``: the allowed folders themselves, to which an empty path in an
            entry leads back.
        endings: Of the files to tell of; ``None``: archives and tables.
    """
    if not path:
        allowed = [folder.resolve() for folder in get_settings().allowed_folders]
        return [
            ServerEntry(path=str(folder), name=str(folder), is_folder=True)
            for folder in allowed
            if folder.is_dir()
        ]
    folder = allowed_path(path)
    is_top = folder in [allowed.resolve() for allowed in get_settings().allowed_folders]
    entries = [ServerEntry(path="" if is_top else str(folder.parent), name="..", is_folder=True)]
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name) if folder.is_dir() else ():
        is_folder = entry.is_dir()
        if not entry.name.startswith(".") and (
            is_folder or entry.name.lower().endswith(tuple(endings or READABLE))
        ):
            entries.append(ServerEntry(path=str(entry), name=entry.name, is_folder=is_folder))
    return entries[:MAX_ENTRIES]
