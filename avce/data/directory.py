"""The list of members of an archive, packed: some 60 bytes and the name for each, so that millions fit."""

from __future__ import annotations

import io
import threading
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from avce.errors import DataError


class Entry(NamedTuple):
    """One member of an archive.

    Attributes:
        at: Where its header (zip) or its bytes (tar) begin.
        size: Bytes when unpacked.
        packed: Bytes in the archive.
        mark: Check sum (zip) or time of change (tar).
        method: How it is packed (zip).
    """

    at: int
    size: int
    packed: int
    mark: int
    method: int = 0


def _short_hash(name: object) -> int:
    """A hash in 32 bits, signed."""
    return (hash(name) & 0xFFFFFFFF) - 0x80000000


class Directory(Mapping[str, int]):
    """Sizes of members by name, in the order of storage; the rest by :meth:`entry`.

    Names lie in one buffer and numbers in arrays; a name is found by bisection of the sorted hashes.

    Args:
        title: Name of the archive, for messages.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._names = bytearray()
        self._ends = array("Q")
        self._columns = tuple(array("H" if name == "method" else "q") for name in Entry._fields)
        self._hashes: array[int] = array("i")
        self._order: NDArray[np.uint32] = np.empty(0, np.uint32)

    def add(self, name: str, entry: Entry) -> None:
        """Note a member; :meth:`close` when all are noted."""
        self._names += name.encode()
        self._ends.append(len(self._names))
        self._hashes.append(_short_hash(name))
        for column, value in zip(self._columns, entry, strict=True):
            column.append(value)

    def close(self) -> None:
        """Sort, so that members can be found.

        Raises:
            DataError: Two members have one name.
        """
        hashes = np.frombuffer(self._hashes, np.int32) if self._hashes else np.empty(0, np.int32)
        order = np.argsort(hashes, kind="stable")
        hashes = hashes[order]
        is_same = np.r_[False, hashes[1:] == hashes[:-1]]
        run: set[str] = set()
        for n in np.flatnonzero(is_same):  # different names may share a hash
            run = run if is_same[n - 1] else {self.name(int(order[n - 1]))}
            name = self.name(int(order[n]))
            if name in run:
                raise DataError(
                    f"{self._title}: two members are called {name!r}; it is unclear which is meant. Pack it again"
                )
            run.add(name)
        self._hashes, self._order = array("i", hashes.tobytes()), order.astype(np.uint32)

    def name(self, number: int) -> str:
        """Name of the member that was noted as this number."""
        start = self._ends[number - 1] if number else 0
        return self._names[start : self._ends[number]].decode()

    def _find(self, name: object) -> int:
        wanted = _short_hash(name)
        at = bisect_left(self._hashes, wanted)
        while at < len(self._hashes) and self._hashes[at] == wanted:
            number = int(self._order[at])
            if self.name(number) == name:
                return number
            at += 1
        return -1

    def entry(self, name: str) -> Entry:
        """All that is known of a member; ``KeyError`` when there is none."""
        if (number := self._find(name)) < 0:
            raise KeyError(name)
        return Entry(*(column[number] for column in self._columns))

    def __getitem__(self, name: str) -> int:
        return self.entry(name).size

    def __contains__(self, name: object) -> bool:
        return self._find(name) >= 0

    def __iter__(self) -> Iterator[str]:
        return map(self.name, range(len(self._ends)))

    def __len__(self) -> int:
        return len(self._ends)

    def stamp(self) -> list[object]:
        """Names, sizes and marks in the order of storage."""
        _, sizes, _, marks, _ = self._columns
        return [[self.name(n), sizes[n], marks[n]] for n in range(len(self))]


class View(io.RawIOBase):
    """A stretch of a seekable stream as a stream of its own; views of one stream may be read from several threads.

    Args:
        stream: The whole.
        lock: Shared by all views of ``stream``, whose position moves.
        start: First byte.
        size: Number of bytes; ``OSError`` on reading when the stream ends before.
    """

    def __init__(self, stream: IO[bytes], lock: threading.RLock, start: int, size: int) -> None:
        super().__init__()
        self._stream, self._lock, self._start, self._size, self._at = stream, lock, start, size, 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Position within the stretch."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move within the stretch."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Exactly ``size`` bytes, or what is left of the stretch."""
        left = max(0, self._size - self._at)
        size = left if size is None or size < 0 else min(size, left)
        with self._lock:
            self._stream.seek(self._start + self._at)
            data = self._stream.read(size)
        if len(data) < size:
            raise OSError(f"the archive ends {size - len(data):,} bytes too early")
        self._at += size
        return data

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As :meth:`read`."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
