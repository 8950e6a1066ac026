"""Data sets behind an fsspec address (``s3://bucket/set.zip``, ``https://…``, ``file://…``)."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from avce.data.archives import TarSource, ZipSource, safe_name
from avce.data.sources import TAR_ENDINGS, Source
from avce.errors import DataError


class RemoteFolder(Source):
    """A folder of an fsspec file system; files are fetched one by one when asked for.

    Args:
        files: The file system.
        root: Path of the folder in it.
        place: The address, for messages.
    """

    def __init__(self, files: Any, root: str, place: str) -> None:
        super().__init__(place)
        self._files, self._root = files, root.rstrip("/")
        self._stamps: list[object] = []

    def _list(self) -> dict[str, int]:
        found: dict[str, dict[str, Any]] = self._files.find(self._root, detail=True)
        sizes = {}
        for path, info in sorted(found.items()):
            name = safe_name(self.title, path.removeprefix(self._root).lstrip("/"))
            sizes[name] = int(info.get("size") or 0)
            changed = info.get("ETag") or info.get("mtime") or info.get("LastModified") or ""
            self._stamps.append([name, sizes[name], str(changed)])
        return sizes

    def open(self, key: str) -> BinaryIO:
        """A file's bytes, streamed."""
        if key not in self.sizes:
            raise DataError(f"{self.where(key)}: expected a file of this folder, there is none")
        try:
            return cast("BinaryIO", self._files.open(f"{self._root}/{key}", "rb"))
        except OSError as error:
            raise DataError(f"{self.where(key)}: cannot be read ({error})") from error

    def stamp(self) -> list[object]:
        """Names, sizes, and what the file system knows of changes."""
        _ = self.sizes
        return self._stamps


def open_remote(address: str) -> Source:
    """Open a folder, zip or tar at an address.

    Raises:
        DataError: Unknown protocol, nothing there, or no archive.
    """
    import fsspec  # noqa: PLC0415 - slow to load, local data does not need it

    name = address.rsplit("/", 1)[-1].lower()
    is_archive = name.endswith((".zip", *TAR_ENDINGS))
    try:
        files, path = fsspec.core.url_to_fs(address)
        is_folder = not is_archive and files.isdir(path)
        stream = files.open(path, "rb") if is_archive else None
    except Exception as error:  # every protocol raises its own kinds
        raise DataError(f"{address}: cannot be opened ({type(error).__name__}: {error})") from error
    if is_folder:
        return RemoteFolder(files, path, address)
    if stream is None:
        raise DataError(f"{address}: expected a folder, zip or tar at this address")
    return ZipSource(stream, place=address) if name.endswith(".zip") else TarSource(stream, place=address)
