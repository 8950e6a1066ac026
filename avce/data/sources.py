"""Read members of a data set by name, without unpacking it: a folder, a zip, a tar, or an fsspec address.

Names are relative, with ``/``, and lie inside the data set: whatever would lead out of it is refused when the
source is opened, so that no later code has to think about it.
"""

from __future__ import annotations

import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Self

from avce.errors import DataError

MAX_MEMBER_BYTES = 4 << 30
"""Largest single file read into memory (label tables); pictures have their own, smaller bound."""


PIECE = 1 << 20
"""Bytes read at a time."""


class Source(ABC):
    """Members of one data set.

    Attributes:
        place: What the user named, for messages.
        is_sequential: Reading out of order costs a pass from the start (compressed tar).
    """

    is_sequential: bool = False

    def __init__(self, place: str) -> None:
        self.place = place
        self.first_lines: dict[str, list[str]] = {}  # of tables, as layouts ask for them again and again

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:  # noqa: B027 - a folder has nothing to release
        """Release what was opened."""

    @abstractmethod
    def _list(self) -> Mapping[str, int]:
        """Sizes in bytes by name, in the order of storage, checked for safety."""

    @abstractmethod
    def open(self, key: str) -> BinaryIO:
        """A member's bytes.

        Raises:
            DataError: There is no such member, or it is damaged.
        """

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """Sizes in bytes by name, in the order of storage; junk that systems leave behind is not listed."""
        return {name: size for name, size in self._list().items() if not is_junk(name)}

    def names(self) -> list[str]:
        """All members, in the order of storage."""
        return list(self.sizes)

    def __contains__(self, key: str) -> bool:
        return key in self.sizes

    @property
    def focus(self) -> str | None:
        """The table that the user pointed at, when that was not the whole data set."""
        return None

    @property
    def title(self) -> str:
        """Short name for messages."""
        return Path(self.place).name or self.place

    def pieces(self, key: str, *, limit: int = MAX_MEMBER_BYTES) -> Iterator[bytes]:
        """A member's bytes, :data:`PIECE` at a time.

        Raises:
            DataError: Missing, damaged, or larger than ``limit``.
        """
        with self.open(key) as stream:
            left = limit
            while left >= 0:
                try:
                    data = stream.read(min(PIECE, left + 1))
                except DataError:
                    raise
                except Exception as error:  # zlib, lzma, tarfile, zipfile and fsspec each raise their own
                    raise DataError(
                        f"{self.where(key)}: damaged, it cannot be read ({error}); get the file again"
                    ) from error
                if not data:
                    return
                left -= len(data)
                yield data
        raise DataError(
            f"{self.where(key)}: expected at most {limit:,} bytes, there are more; remove the file"
        )

    def read(self, key: str, *, limit: int = MAX_MEMBER_BYTES) -> bytes:
        """All bytes of a member; raises as :meth:`pieces`."""
        return b"".join(self.pieces(key, limit=limit))

    def hint(self, key: str) -> object:
        """Equal for members of equal bytes; cheap to get, and no proof that they are equal."""
        return self.sizes[key]

    def where(self, key: str) -> str:
        """A member for messages: ``set.zip: a/b.csv``."""
        return f"{self.title}: {key}"

    def local_path(self, key: str) -> AbstractContextManager[Path]:
        """A real file with the member's bytes, for code that cannot read streams (videos)."""
        return self._copied(key)

    @contextmanager
    def _copied(self, key: str) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="avce-") as folder:
            path = Path(folder) / f"member{Path(key).suffix.lower()}"
            with self.open(key) as stream, path.open("wb") as copy:
                try:
                    shutil.copyfileobj(stream, copy, 1 << 20)
                except OSError:
                    raise
                except Exception as error:
                    raise DataError(f"{self.where(key)}: damaged, it cannot be read ({error})") from error
            yield path

    @abstractmethod
    def stamp(self) -> list[object]:
        """Plain values that change when the content does, cheap to get: names, sizes, check sums or times."""


def is_junk(name: str) -> bool:
    """Files that systems leave in folders and archives."""
    parts = name.split("/")
    return (
        "__MACOSX" in parts or parts[-1].startswith((".", "~$")) or parts[-1] in {"Thumbs.db", "desktop.ini"}
    )


class FolderSource(Source):
    """A folder on this machine.

    Args:
        folder: The root; nothing outside is ever read.
        focus: Name of one table in it; then the folder is not walked unless a layout asks.
    """

    def __init__(self, folder: Path, *, focus: str | None = None) -> None:
        super().__init__(str(folder / focus) if focus else str(folder))
        self.folder = folder
        self._focus = focus

    @property
    def focus(self) -> str | None:
        """The table that the user pointed at."""
        return self._focus

    def where(self, key: str) -> str:
        """A member for messages: only its name when the user pointed at that file."""
        return key if key == self._focus else f"{self.folder.name}: {key}"

    def _list(self) -> dict[str, int]:
        sizes: dict[str, int] = {}
        pending = [self.folder]
        while pending:
            folder = pending.pop()
            try:
                entries = sorted(folder.iterdir(), reverse=True)
            except OSError as error:
                raise DataError(f"{folder}: this folder cannot be read ({error.strerror})") from error
            folders = []
            for path in reversed(entries):
                if path.is_symlink() and not path.resolve().is_relative_to(self.folder.resolve()):
                    raise DataError(
                        f"{path}: a link that leads out of the data set; point at the folder with the real files"
                    )
                if path.is_dir():
                    if not path.is_symlink():  # a link to a folder inside would list its files twice
                        folders.append(path)
                elif path.is_file():
                    sizes[path.relative_to(self.folder).as_posix()] = path.stat().st_size
            pending.extend(reversed(folders))
        return sizes

    def __contains__(self, key: str) -> bool:
        if self._focus is None or "sizes" in self.__dict__:
            return key in self.sizes
        return self._inside(key) is not None

    def _inside(self, key: str) -> Path | None:
        path = self.folder / key
        try:
            inside = path.is_file() and path.resolve().is_relative_to(self.folder.resolve())
        except (OSError, ValueError):  # a name too long, or with a NUL
            return None
        return path if inside else None

    def hint(self, key: str) -> object:
        """The size."""
        return (self.folder / key).stat().st_size

    def open(self, key: str) -> BinaryIO:
        """A file of the folder."""
        path = self._inside(key)
        if path is None:
            raise DataError(f"{self.folder / key}: expected a file inside the data set, there is none")
        try:
            return path.open("rb")
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror})") from error

    def local_path(self, key: str) -> AbstractContextManager[Path]:
        """The file itself."""
        return self._itself(key)

    @contextmanager
    def _itself(self, key: str) -> Iterator[Path]:
        with self.open(key) as stream:
            yield Path(stream.name)

    def stamp(self) -> list[object]:
        """Names, sizes and times of change."""
        if self._focus:
            stat = (self.folder / self._focus).stat()
            return [self._focus, stat.st_size, stat.st_mtime_ns]
        stats = ((name, (self.folder / name).stat().st_mtime_ns) for name in self.sizes)
        return [[name, self.sizes[name], changed] for name, changed in stats]


def open_source(place: Path | str) -> Source:
    """Open a data set where it lies.

    Args:
        place: A folder, a zip or tar archive, a csv or parquet file beside its pictures, or an fsspec address
            such as ``s3://bucket/set.zip``.

    Raises:
        DataError: Nothing there, no kind we know, damaged, or unsafe members.
    """
    from avce.data.archives import TarSource, ZipSource  # noqa: PLC0415 - archives build on this module

    if "://" in str(place):
        from avce.data.remote import open_remote  # noqa: PLC0415 - loads fsspec only when needed

        return open_remote(str(place))
    path = Path(place)
    if path.is_dir():
        return FolderSource(path)
    if not path.is_file():
        raise DataError(
            f"{path}: expected a folder, zip, tar, csv or parquet file; there is nothing of that name"
        )
    name = path.name.lower()
    if name.endswith((".csv", ".tsv", ".parquet")):
        return FolderSource(path.parent, focus=path.name)
    if name.endswith(TAR_ENDINGS):
        return TarSource(path)
    if name.endswith(".zip"):
        return ZipSource(path)
    raise DataError(
        f"{path.name}: expected a folder, zip, tar, csv or parquet file, got a file ending in {path.suffix!r}"
    )


TAR_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
