"""Zip and tar archives as sources. Hostile ones are refused when opened, before any byte is unpacked."""

from __future__ import annotations

import lzma
import stat
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, Self, cast

from avce.data.sources import Source
from avce.errors import DataError

MAX_MEMBERS = 20_000_000
BOMB_BYTES = 32 << 20
BOMB_RATIO = 200
"""A member over BOMB_BYTES that unpacks to more than BOMB_RATIO times its packed size is refused."""


def safe_name(archive: str, name: str) -> str:
    """The name itself when it stays inside the archive's root.

    Raises:
        DataError: Absolute, with ``..``, a drive letter, a backslash or a control character.
    """
    parts = PurePosixPath(name).parts
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
    return PurePosixPath(*(part for part in parts if part != ".")).as_posix()


def _once(archive: str, sizes: Iterable[tuple[str, int]]) -> dict[str, int]:
    listed: dict[str, int] = {}
    for name, size in sizes:
        if name in listed:
            raise DataError(
                f"{archive}: two members are called {name!r}; it is unclear which is meant. Pack it again"
            )
        listed[name] = size
        if len(listed) > MAX_MEMBERS:
            raise DataError(f"{archive}: more than {MAX_MEMBERS:,} members")
    return listed


class ZipSource(Source):
    """A zip file, read member by member; safe to read from several threads.

    Args:
        path: The archive, or an open seekable stream of it.
        place: Name for messages.
    """

    def __init__(self, path: Path | IO[bytes], *, place: str = "") -> None:
        super().__init__(place or str(path))
        self._path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
            raise DataError(
                f"{self.title}: expected a zip archive, it cannot be opened ({error}); get it again"
            ) from error
        self._infos: dict[str, zipfile.ZipInfo] = {}
        try:
            _ = self.sizes
        except DataError:
            self.close()
            raise

    def close(self) -> None:
        """Close the archive."""
        self._zip.close()

    def _list(self) -> dict[str, int]:
        def members() -> Iterable[tuple[str, int]]:
            for info in self._zip.infolist():
                name = safe_name(
                    self.title, info.orig_filename.removesuffix("/") if info.is_dir() else info.orig_filename
                )
                if info.is_dir():
                    continue
                self._refuse_odd(info)
                self._infos[name] = info
                yield name, info.file_size

        return _once(self.title, members())

    def _refuse_odd(self, info: zipfile.ZipInfo) -> None:
        name = info.filename
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise DataError(
                f"{self.title}: {name!r} is a link or device, expected plain files; pack it again without"
            )
        if info.flag_bits & 0x1:
            raise DataError(
                f"{self.title}: {name!r} is encrypted; unpack it with its password and point at the folder"
            )
        if info.file_size > BOMB_BYTES and info.file_size > BOMB_RATIO * max(info.compress_size, 1):
            raise DataError(
                f"{self.title}: {name!r} would unpack from {info.compress_size:,} to {info.file_size:,} bytes;"
                " such archives are refused"
            )

    def open(self, key: str) -> BinaryIO:
        """A member's bytes, checked against its check sum when read to the end."""
        info = self._infos.get(key)
        if info is None:
            raise DataError(f"{self.where(key)}: expected a member of this archive, there is none")
        try:
            return cast("BinaryIO", self._zip.open(info))
        except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, zlib.error) as error:
            raise DataError(
                f"{self.where(key)}: damaged, it cannot be read ({error}); get the archive again"
            ) from error

    def hint(self, key: str) -> object:
        """Size and check sum."""
        info = self._infos[key]
        return info.file_size, info.CRC

    def stamp(self) -> list[object]:
        """Names, sizes and check sums: the same content gives the same stamp, wherever it lies."""
        return [[name, size, self._infos[name].CRC] for name, size in self.sizes.items()]


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
        self._infos: dict[str, tarfile.TarInfo] = {}
        try:
            _ = self.sizes
        except DataError:
            self.close()
            raise

    def close(self) -> None:
        """Close the archive."""
        self._tar.close()

    def _list(self) -> dict[str, int]:
        def members() -> Iterable[tuple[str, int]]:
            for info in self._tar:
                name = safe_name(self.title, info.name) if info.name not in {".", "./"} else ""
                if info.isdir():
                    continue
                if not info.isreg() or info.issparse():
                    raise DataError(
                        f"{self.title}: {name!r} is a link or device, expected plain files; pack it again without"
                    )
                self._infos[name] = info
                yield name, info.size

        try:
            listed = _once(self.title, members())
            has_end = self._has_end_mark()
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
        return listed

    def _has_end_mark(self) -> bool:
        """A tar ends with blocks of zeros; one that was cut between two members looks whole but for them."""
        stream = cast("IO[bytes]", self._tar.fileobj)
        ends = (
            info.offset_data + -(-info.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
            for info in self._tar.getmembers()
        )
        stream.seek(max(ends, default=0))
        return stream.read(tarfile.BLOCKSIZE) == bytes(tarfile.BLOCKSIZE)

    def open(self, key: str) -> BinaryIO:
        """A member's bytes."""
        info = self._infos.get(key)
        if info is None:
            raise DataError(f"{self.where(key)}: expected a member of this archive, there is none")
        return cast("BinaryIO", _Locked(self._tar, info, self._lock))

    def stamp(self) -> list[object]:
        """Names, sizes and times of change."""
        return [[name, info.size, info.mtime] for name, info in self._infos.items()]


class _Locked:
    """A member of a tar whose reads take turns: all members share one file position."""

    def __init__(self, archive: tarfile.TarFile, info: tarfile.TarInfo, lock: threading.RLock) -> None:
        self._stream = archive.extractfile(info)
        self._lock = lock

    def read(self, size: int = -1) -> bytes:
        if self._stream is None:
            return b""
        with self._lock:
            return self._stream.read(size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
