"""Lay out what the user brought as one path that the layouts can read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from avce.data.unpack import unpack
from avce.errors import DataError
from workers.records import StoredFile
from workers.store.files import file_store

ARCHIVE_ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz")


def gather(source: dict[str, Any], folder: Path) -> Path:
    """The path to import: the server's own, the one uploaded archive, or a folder with all uploads.

    Args:
        source: ``{"path": …}`` or ``{"files": [stored file, …]}``, as the data set's row keeps it.
        folder: Where to lay out uploads; archives among several files are unpacked into it.

    Raises:
        DataError: Two files of one name, or an archive that cannot be unpacked.
    """
    if "path" in source:
        return Path(source["path"])
    files = [StoredFile.model_validate(file) for file in source["files"]]
    paths = [_lay_out(file, folder) for file in files]
    if len(paths) == 1:
        return paths[0]
    for path in paths:
        if path.name.lower().endswith(ARCHIVE_ENDINGS):
            unpack(path, folder)
            path.unlink()
    return folder


def _lay_out(file: StoredFile, folder: Path) -> Path:
    path = folder / file.name
    if path.exists():
        raise DataError(f"{file.name}: two uploads have this name; rename one, or pack them in one archive")
    return file_store().get(file.sha256, path)


def with_users_names(error: DataError, folder: Path) -> DataError:
    """The same error with the server's folder cut out of its text: users know their files by name."""
    text = str(error)
    for prefix in (f"{folder}/", str(folder)):
        text = text.replace(prefix, "")
    return DataError(text)
