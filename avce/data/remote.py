"""Data sets behind an fsspec address (``s3://bucket/set.zip``, ``https://…``, ``file://…``)."""

from __future__ import annotations

import io
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from avce.data.archives import TarSource, ZipSource, safe_name
from avce.data.sources import TAR_ENDINGS, Source
from avce.errors import DataError

BUFFER = 1 << 16
MOST_SAID = 300
"""Characters of another library's message that are handed on."""

ONLY_WHOLE = (
    "expected a server that answers requests for parts of a file, this one sends it only as a whole; download the file"
    " and give its path"
)


class RemoteFile(io.RawIOBase):
    """A file of an fsspec file system whose failures are said in our words; every protocol raises its own kinds.

    Args:
        stream: The open file.
        place: Its address, for messages.
    """

    def __init__(self, stream: Any, place: str) -> None:
        self._stream, self._place = stream, place

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is: others were refused when opened."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        return int(self._stream.seek(offset, whence))

    def tell(self) -> int:
        """Place of the next byte."""
        return int(self._stream.tell())

    def readinto(self, into: Any) -> int:
        """Fill a buffer as far as there are bytes.

        Raises:
            DataError: The connection broke or the server refused.
        """
        try:
            data = self._stream.read(len(into))
        except Exception as error:
            if isinstance(error, ValueError) and "range requests" in str(error):  # known only by its text
                raise DataError(f"{self._place}: {ONLY_WHOLE}") from error
            raise DataError(
                f"{self._place}: reading broke off at byte {self.tell():,} ({_said(error)}); see that the server answers"
                " and start again, what was done is kept"
            ) from error
        into[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            self._stream.close()
        super().close()


def _said(error: BaseException) -> str:
    """Kind and text in one line of bearable length; why a file is not found, where that is known."""
    if isinstance(error, FileNotFoundError) and error.__cause__ is not None:
        error = error.__cause__  # "not found" is also said of servers that do not answer
    text = " ".join(str(error).split())
    text = text if len(text) <= MOST_SAID else f"{text[:MOST_SAID]} …"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _opened(files: Any, path: str, place: str) -> BinaryIO:
    stream = files.open(path, "rb")
    try:
        stream.seek(0, io.SEEK_END)
        stream.seek(0)
    except ValueError as error:  # a server that sends files only from start to end
        stream.close()
        raise DataError(f"{place}: {ONLY_WHOLE}") from error
    return cast("BinaryIO", io.BufferedReader(RemoteFile(stream, place), BUFFER))


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
            stream = self._files.open(f"{self._root}/{key}", "rb")
        except Exception as error:  # every protocol raises its own kinds
            raise DataError(f"{self.where(key)}: cannot be read ({_said(error)})") from error
        return cast("BinaryIO", io.BufferedReader(RemoteFile(stream, self.where(key)), BUFFER))

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

    place = urlsplit(address)._replace(query="", fragment="").geturl()  # what follows may be a secret
    name = place.rsplit("/", 1)[-1].lower()
    is_archive = name.endswith((".zip", *TAR_ENDINGS))
    try:
        files, path = fsspec.core.url_to_fs(address)
        is_folder = not is_archive and files.isdir(path)
        stream = _opened(files, path, place) if is_archive else None
    except DataError:
        raise
    except Exception as error:  # every protocol raises its own kinds
        said = _said(error).replace(address, place)
        raise DataError(f"{place}: cannot be opened ({said}); see that the address is right") from error
    if is_folder:
        return RemoteFolder(files, path, place)
    if stream is None:
        raise DataError(f"{place}: expected a folder, zip or tar at this address")
    return ZipSource(stream, place=place) if name.endswith(".zip") else TarSource(stream, place=place)
