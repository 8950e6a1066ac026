"""The directory at the end of a zip file, read in pieces: the standard library keeps .9 kB for every member."""

from __future__ import annotations

import io
import stat
import struct
import threading
from array import array
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple

import numpy as np

from avce.data.directory import Directory, Entry, View

END = struct.Struct("<4s4H2LH")
END64_PLACE = struct.Struct("<4sLQL")
END64 = struct.Struct("<4sQ2H2L4Q")
RECORD = struct.Struct("<4s4B4HL2L5H2L")
LOCAL = struct.Struct("<4s2B4HL2L2H")

MAX_COMMENT = 1 << 16
NEWEST_VERSION = 63
ZIP64 = 0xFFFFFFFF
IS_UTF8, IS_ENCRYPTED, IS_PATCH, IS_STRONG = 0x800, 0x1, 0x20, 0x40

BOMB_BYTES = 32 << 20
BOMB_RATIO = 200
"""A member over BOMB_BYTES that unpacks to more than BOMB_RATIO times its packed size is refused."""


class ZipError(ValueError):
    """Not a zip file, or a damaged or hostile one."""


class Record(NamedTuple):
    """One member as the directory tells of it, its name not yet checked."""

    name: str
    entry: Entry
    flags: int
    mode: int

    @property
    def is_folder(self) -> bool:
        """Whether it stands for a folder."""
        return self.name.endswith("/")

    def refusal(self) -> str:
        """Why it is refused; "" when it is a plain file or folder."""
        kind, entry = stat.S_IFMT(self.mode), self.entry
        if self.is_folder:
            return ""
        if kind not in {0, stat.S_IFREG}:
            return "is a link or device, expected plain files; pack it again without"
        if self.flags & (IS_ENCRYPTED | IS_STRONG):
            return "is encrypted; unpack it with its password and point at the folder"
        if self.flags & IS_PATCH:
            return "is a patch, expected plain files; pack it again without"
        if entry.size > BOMB_BYTES and entry.size > BOMB_RATIO * max(entry.packed, 1):
            return f"would unpack from {entry.packed:,} to {entry.size:,} bytes; such archives are refused"
        return ""


def records(stream: IO[bytes], lock: threading.RLock) -> Iterator[Record]:
    """Members in the order of the directory.

    Raises:
        ZipError: There is no directory, or it is damaged.
    """
    start, size, shift = _find_directory(stream)
    view = io.BufferedReader(View(stream, lock, start, size), 1 << 20)
    while size > 0:
        head = view.read(RECORD.size)
        if len(head) != RECORD.size or not head.startswith(b"PK\x01\x02"):
            raise ZipError("the list of members is damaged")
        field = RECORD.unpack(head)
        name, extra, comment = (view.read(length) for length in field[12:15])
        if field[3] > NEWEST_VERSION:
            raise ZipError(f"version {field[3] / 10:.1f} of the format is not known")
        flags, method, mark, packed, full, at = field[5], field[6], *field[9:12], field[18]
        full, packed, at = _wide(extra, full, packed, at)
        text = name.decode("utf-8" if flags & IS_UTF8 else "cp437")
        yield Record(text, Entry(at + shift, full, packed, mark, method), flags, field[17] >> 16)
        size -= len(head) + sum(field[12:15])
        del comment


def _find_directory(stream: IO[bytes]) -> tuple[int, int, int]:
    """Start and size of the directory, and how far what precedes the archive shifts all places."""
    total = stream.seek(0, io.SEEK_END)
    start = max(0, total - MAX_COMMENT - END.size)
    stream.seek(start)
    tail = stream.read()
    found = tail.rfind(b"PK\x05\x06")
    if found < 0 or len(tail) - found < END.size:
        raise ZipError("there is no list of members at its end")
    *_, size, at, _ = END.unpack_from(tail, found)
    end = start + found
    wide = _find_wide(stream, end)
    if wide is not None:
        size, at = wide
        end -= END64.size + END64_PLACE.size
    shift = end - size - at
    if at + shift < 0 or shift < 0:
        raise ZipError("its list of members lies elsewhere than it says")
    return at + shift, size, shift


def _find_wide(stream: IO[bytes], end: int) -> tuple[int, int] | None:
    """Size and place of the directory of an archive beyond 4 GB."""
    if end < END64.size + END64_PLACE.size:
        return None
    stream.seek(end - END64_PLACE.size - END64.size)
    data = stream.read(END64.size + END64_PLACE.size)
    if data[END64.size : END64.size + 4] != b"PK\x06\x07":
        return None
    if not data.startswith(b"PK\x06\x06"):
        raise ZipError("the list of members is damaged")
    *_, size, at = END64.unpack_from(data)
    return size, at


def _wide(extra: bytes, full: int, packed: int, at: int) -> tuple[int, int, int]:
    """Sizes and place where they do not fit in 32 bits: those that are all ones stand in the extra field."""
    values = [full, packed, at]
    if ZIP64 not in values:
        return full, packed, at
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        body, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == 1:
            short = [n for n, value in enumerate(values) if value == ZIP64]
            if len(body) < 8 * len(short):
                raise ZipError("a member's size is damaged")
            for n, value in zip(short, struct.unpack_from(f"<{len(short)}Q", body), strict=True):
                values[n] = value
    full, packed, at = values
    if max(values) >= 1 << 62:
        raise ZipError("a member's size is damaged")
    return full, packed, at


def read_directory(
    title: str, stream: IO[bytes], lock: threading.RLock, keep: Callable[[Record], str]
) -> Directory:
    """The directory of a zip file.

    Args:
        title: Name of the archive, for messages.
        stream: The archive.
        lock: Guards its position.
        keep: Name under which a member is known, "" for one that is skipped; may refuse.

    Raises:
        ZipError: Damaged, or members that share bytes (a bomb).
        DataError: Two members have one name.
    """
    directory, starts, lengths = Directory(title), array("q"), array("q")
    for record in records(stream, lock):
        if (name := keep(record)) and not record.is_folder:
            directory.add(name, record.entry)
        starts.append(record.entry.at)
        lengths.append(record.entry.packed + LOCAL.size)
    directory.close()
    start, length = (np.array(values, dtype=np.int64) for values in (starts, lengths))
    order = np.argsort(start, kind="stable")
    if (start[order[:-1]] + length[order[:-1]] > start[order[1:]]).any():
        raise ZipError("members overlap, as in a zip bomb")
    return directory


def open_bytes(stream: IO[bytes], lock: threading.RLock, entry: Entry) -> tuple[str, View]:
    """Name in the member's own header, and its packed bytes.

    Raises:
        ZipError: There is no such header where the directory says.
    """
    head = View(stream, lock, entry.at, LOCAL.size).read()
    field = LOCAL.unpack(head)
    if field[0] != b"PK\x03\x04":
        raise ZipError("its header is damaged")
    n_name, n_extra = field[-2:]
    name = View(stream, lock, entry.at + LOCAL.size, n_name).read()
    start = entry.at + LOCAL.size + n_name + n_extra
    return name.decode("utf-8" if field[3] & IS_UTF8 else "cp437"), View(stream, lock, start, entry.packed)
