"""Zip and tar archives as sources. Hostile ones are refused when opened, before any byte is unpacked."""

from __future__ import annotations

import lzma
import struct
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import IO, BinaryIO, cast

from avce.data.directory import Directory, Entry, View
from avce.data.sources import Source, is_junk
from avce.data.zips import Record, ZipError, open_bytes, read_directory
from avce.errors import DataError


def safe_name(archive: str, name: str) -> str:
    """The name itself when it stays inside the archive's root.

    Raises:
        DataError: Absolute, with ``..``, a drive letter, a backslash or a control character.
    """
    parts = [part for part in name.split("/") if part not in {"", "."}]
    has_drive = len(name) > 1 and name[1] == ":" and name[0].isalpha()
    if (
        not parts
        or name.startswith("/")
        or ".." in parts
        or has_drive
        or "\\" in name
        or not name.isprintable()
    ):
        raise DataError(
            f"{archive}: unsafe member name {name!r}; expected a path inside the archive with '/', without '..'. Pack it again"
        )
    return "/".join(parts)


class ZipSource(Source):
    """A zip file, read member by member; safe to read from several threads.

    Args:
        path: The archive, or an open seekable stream of it.
        place: Name for messages.
    """

    def __init__(self, path: Path | IO[bytes], *, place: str = "") -> None:
        super().__init__(place or str(path))
        self._lock = threading.RLock()
        try:
            self._stream = path.open("rb") if isinstance(path, Path) else path
        except OSError as error:
            raise DataError(f"{self.title}: cannot be read ({error.strerror})") from error
        try:
            self._directory = read_directory(self.title, self._stream, self._lock, self._checked)
        except DataError:
            self.close()
            raise
        except (ZipError, OSError, ValueError, struct.error) as error:
            self.close()
            raise DataError(
                f"{self.title}: expected a zip archive, it cannot be opened ({error}); get it again"
            ) from error

    def close(self) -> None:
        """Close the archive."""
        self._stream.close()

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """Sizes by name, packed."""
        return self._directory

    def _list(self) -> Mapping[str, int]:
        return self._directory

    def _checked(self, record: Record) -> str:
        name = safe_name(self.title, record.name.removesuffix("/") if record.is_folder else record.name)
        if refusal := record.refusal():
            raise DataError(f"{self.title}: {name!r} {refusal}")
        return "" if is_junk(name) else name

    def open(self, key: str) -> BinaryIO:
        """A member's bytes, checked against its check sum when read to the end."""
        if key not in self._directory:
            raise DataError(f"{self.where(key)}: expected a member of this archive, there is none")
        entry = self._directory.entry(key)
        try:
            name, packed = open_bytes(self._stream, self._lock, entry)
            if safe_name(self.title, name) != key:
                raise ZipError(f"its own header calls it {name!r}")
            info = zipfile.ZipInfo(key)
            info.compress_type, info.compress_size, info.file_size = entry.method, entry.packed, entry.size
            info.CRC = entry.mark
            return cast("BinaryIO", zipfile.ZipExtFile(cast("IO[bytes]", packed), "r", info))
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError) as error:
            raise DataError(
                f"{self.where(key)}: damaged, it cannot be read ({error}); get the archive again"
            ) from error

    def hint(self, key: str) -> object:
        """Size and check sum."""
        entry = self._directory.entry(key)
        return entry.size, entry.mark

    def stamp(self) -> list[object]:
        """Names, sizes and check sums: the same content gives the same stamp, wherever it lies."""
        return self._directory.stamp()


class TarSource(Source):
    """A tar file, compressed or not.

    A compressed one can only be read from start to end: its members are best asked for in the order of
    :meth:`names`.
    """

    def __init__(self, path: Path | IO[bytes], *, place: str = "") -> None:
        super().__init__(place or str(path))
        self._lock = threading.RLock()
        try:
            self._tar = tarfile.open(path) if isinstance(path, Path) else tarfile.open(fileobj=path)  # noqa: SIM115
        except (tarfile.TarError, OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
            raise DataError(
                f"{self.title}: expected a tar archive, it cannot be opened ({error}); get it again"
            ) from error
        self.is_sequential = not (isinstance(path, Path) and path.suffix == ".tar")
        try:
            self._directory = self._read_directory()
        except DataError:
            self.close()
            raise

    def close(self) -> None:
        """Close the archive."""
        self._tar.close()

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """Sizes by name, packed."""
        return self._directory

    def _list(self) -> Mapping[str, int]:
        return self._directory

    def _read_directory(self) -> Directory:
        directory, end = Directory(self.title), 0
        try:
            while (info := self._tar.next()) is not None:
                vars(self._tar)["members"].clear()  # else 1.5 kB for each stay in memory
                end = max(end, info.offset_data + -(-info.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE)
                if name := self._checked(info):
                    directory.add(name, Entry(info.offset_data, info.size, info.size, int(info.mtime)))
            has_end = self._ends_at(end)
        except DataError:
            raise
        except (tarfile.TarError, OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
            raise DataError(
                f"{self.title}: damaged, the list of members breaks off ({error}); get it again"
            ) from error
        if not has_end:
            raise DataError(
                f"{self.title}: cut short, the mark at the end of a tar archive is missing; get it again"
            )
        directory.close()
        return directory

    def _checked(self, info: tarfile.TarInfo) -> str:
        name = safe_name(self.title, info.name) if info.name not in {".", "./"} else ""
        if info.isdir():
            return ""
        if not info.isreg() or info.issparse():
            raise DataError(
                f"{self.title}: {name!r} is a link or device, expected plain files; pack it again without"
            )
        return "" if is_junk(name) else name

    def _ends_at(self, end: int) -> bool:
        """A tar ends with blocks of zeros; one that was cut between two members looks whole but for them."""
        stream = cast("IO[bytes]", self._tar.fileobj)
        stream.seek(end)
        return stream.read(tarfile.BLOCKSIZE) == bytes(tarfile.BLOCKSIZE)

    def open(self, key: str) -> BinaryIO:
        """A member's bytes; reads take turns, as all members share one file position."""
        if key not in self._directory:
            raise DataError(f"{self.where(key)}: expected a member of this archive, there is none")
        entry = self._directory.entry(key)
        return cast("BinaryIO", View(cast("IO[bytes]", self._tar.fileobj), self._lock, entry.at, entry.size))

    def stamp(self) -> list[object]:
        """Names, sizes and times of change."""
        return self._directory.stamp()
