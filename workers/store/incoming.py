"""Uploads on their way in: a file of the bytes that have arrived, and beside it what was announced.

Both lie on disk, so an upload outlives the page, the connection and the server that it began with; the number of bytes
that are there is the length of the file and nothing else. What was announced stays for a while after the end too: a
client that missed the last answer asks again and gets the same one.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, Final
from uuid import uuid4

from workers.errors import ClientError, DamagedUploadError, OffsetError, TakenOverError, UnknownUploadError
from workers.records import StoredFile, UploadRecord
from workers.settings import get_settings
from workers.store.files import CHUNK_BYTES, file_store

BLOCK_BYTES: Final = 8 << 20
"""The checksum of a file is the SHA-256 of the SHA-256 digests of its blocks of this size, one after the other.

A browser can hash only what it holds in memory, so a hash of the whole in one go is not to be had from it.
"""
ARRIVING_S: Final = 15.0
"""An upload that had a byte within so many seconds counts as running."""
ROOM_LEFT_BYTES: Final = 256 << 20
"""What an upload must leave free on the disk."""

_register = Lock()
_pieces: dict[str, Piece] = {}
_finishing: defaultdict[str, Lock] = defaultdict(Lock)


class Piece:
    """Appends one piece to an upload, in the order in which its bytes come.

    A newer piece of the same upload takes over: the connection of a client that lost its network may stay open for
    long, and meanwhile the client has come back on another one.

    Args:
        path: File of the upload.
        size: How many bytes it shall have in the end.
    """

    def __init__(self, path: Path, size: int) -> None:
        self.start = path.stat().st_size
        self.size, self._path, self._file = size, path, path.open("ab", buffering=0)
        self._digest, self._lock = hashlib.sha256(), Lock()

    def write(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            TakenOverError: Another piece of this upload was begun.
            ClientError: More bytes came than were announced; the piece is taken back.
        """
        with self._lock:
            if self._file.closed:
                raise TakenOverError("This upload goes on in another window or connection.")
            if self._file.tell() + len(data) > self.size:
                self._file.truncate(self.start)
                raise ClientError(f"expected {self.size:,} bytes in all, as was announced, and more came")
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) :]
            self._digest.update(data)

    def check(self, sha256: str) -> None:
        """Compare what arrived with the hash of what was sent; a damaged piece is taken back.

        Raises:
            DamagedUploadError: They differ.
        """
        with self._lock:
            if self._file.closed or self._digest.hexdigest() == sha256:
                return
            self._file.truncate(self.start)
        raise DamagedUploadError("this piece arrived damaged and was not kept; send it again")

    def close(self) -> None:
        """Let go of the file; what arrived stays."""
        with self._lock:
            self._file.close()
        with suppress(KeyError):
            if _pieces[self._path.stem] is self:
                del _pieces[self._path.stem]


def _folder() -> Path:
    folder = get_settings().home.absolute() / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _part(upload_id: str) -> Path:
    return _folder() / f"{upload_id}.part"


def _unknown() -> UnknownUploadError:
    return UnknownUploadError(
        "This upload is not known here: it was discarded, or had no byte for more than"
        f" {get_settings().upload_kept_h:g} hours. Start it again."
    )


def _card(upload_id: str) -> dict[str, Any]:
    """What was announced for an upload."""
    if len(upload_id) != 32 or not all(letter in "0123456789abcdef" for letter in upload_id):
        raise _unknown()
    try:
        card: dict[str, Any] = json.loads((_folder() / f"{upload_id}.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _unknown() from error
    return card


def _write_card(upload_id: str, card: dict[str, Any]) -> None:
    path = _folder() / f"{upload_id}.json"
    new = path.with_suffix(".new")
    new.write_text(json.dumps(card), "utf-8")
    new.replace(path)


def last_part(filename: str) -> str:
    """The name of a file without its folders, whichever system it comes from.

    Raises:
        ClientError: Nothing is left.
    """
    name = filename.replace("\\", "/").rsplit("/", 1)[-1].strip()
    if not name or name in {".", ".."}:
        raise ClientError(f"the upload needs a file name, got {filename!r}")
    return name


def begin(name: str, size: int, *, modified: str = "", place: str = "") -> UploadRecord:
    """Announce a file; one that came in part before goes on.

    Args:
        name: Of the file; only its last part counts.
        size: In bytes.
        modified: When the file was last changed, as its owner's machine says. Name, size and this must agree for an earlier
            upload to go on.
        place: Which field of the pages it is for.

    Raises:
        ClientError: It has no name or no bytes, is larger than is allowed, or there is no room for it.
    """
    name = last_part(name)
    if size < 1:
        raise ClientError(f"{name} is empty; choose a file with content")
    card = {"name": name, "size": size, "modified": modified, "place": place}
    upload_id = hashlib.sha256(json.dumps([name, size, modified]).encode()).hexdigest()[:32]
    if not modified:
        upload_id = uuid4().hex
    with suppress(UnknownUploadError):
        return get(upload_id)
    _need_room(name, size)
    _write_card(upload_id, card)
    _part(upload_id).open("wb").close()
    return get(upload_id)


def _need_room(name: str, size: int) -> None:
    largest = get_settings().max_upload_bytes
    if size > largest:
        raise ClientError(
            f"{name} has {size:,} bytes; {largest:,} are allowed at most (AVCE_MAX_UPLOAD_BYTES)"
        )
    promised = sum(known.size - known.received for known in unfinished())
    free = shutil.disk_usage(_folder()).free - ROOM_LEFT_BYTES - promised
    if size > free:
        raise ClientError(
            f"{name} has {size:,} bytes, and the server has room for {max(free, 0):,}; delete something there,"
            " or discard an unfinished upload"
        )


def get(upload_id: str) -> UploadRecord:
    """The upload with this id, finished or not.

    Raises:
        UnknownUploadError: There is none.
    """
    card, part = _card(upload_id), _part(upload_id)
    stored = StoredFile.model_validate(card["stored"]) if "stored" in card else None
    try:
        known = (part if stored is None else part.with_suffix(".json")).stat()
    except FileNotFoundError as error:
        raise _unknown() from error
    age_s = max(0.0, time.time() - known.st_mtime)
    return UploadRecord(
        id=upload_id, name=card["name"], size=card["size"], modified=card["modified"], place=card["place"],
        received=card["size"] if stored else known.st_size, age_s=age_s, stored=stored,
        is_arriving=stored is None and age_s < ARRIVING_S and upload_id in _pieces,
        left_s=max(0.0, get_settings().upload_kept_h * 3600 - age_s),
    )  # fmt: skip


def unfinished() -> list[UploadRecord]:
    """Uploads of which bytes are missing, or which nobody asked to be put into the store; the latest first."""
    forget_stale()
    records = []
    for path in _folder().glob("*.part"):
        with suppress(UnknownUploadError):  # discarded or finished meanwhile
            records.append(get(path.stem))
    return sorted((record for record in records if record.stored is None), key=lambda record: record.age_s)


def open_piece(upload_id: str, offset: int) -> Piece:
    """Begin to append at an offset, which must be the number of bytes that are there.

    Raises:
        OffsetError: It is another number.
        UnknownUploadError: There is no such unfinished upload.
    """
    card, part = _card(upload_id), _part(upload_id)
    with _register:
        if (before := _pieces.get(upload_id)) is not None:
            before.close()
        there = card["size"] if "stored" in card else part.stat().st_size
        if offset != there or "stored" in card:
            raise OffsetError(f"expected the piece at offset {there}, got one at {offset}", there)
        piece = _pieces[upload_id] = Piece(part, card["size"])
        return piece


def finish(upload_id: str, checksum: str) -> StoredFile:
    """Move a whole upload into the file store, if it is what was sent.

    Reads it once. A second call answers what the first did.

    Raises:
        OffsetError: Bytes are missing.
        DamagedUploadError: Its checksum (see :data:`BLOCK_BYTES`) is another one; nothing of it is kept.
    """
    with _finishing[upload_id]:
        card, part = _card(upload_id), _part(upload_id)
        if "stored" in card and card["checksum"] == checksum:
            return StoredFile.model_validate(card["stored"])
        if "stored" not in card:
            there = part.stat().st_size
            if there != card["size"]:
                raise OffsetError(f"{card['name']} has {card['size']:,} bytes, and {there:,} arrived", there)
            sha256, found = hashes(part)
            if found == checksum:
                file_store().take(part, sha256)
                stored = StoredFile(sha256=sha256, size=there, name=card["name"])
                _write_card(upload_id, {**card, "checksum": checksum, "stored": stored.model_dump()})
                return stored
        discard(upload_id)
    raise DamagedUploadError(
        f"{card['name']} did not arrive as it was sent (its checksum is another one), so nothing of it was kept."
        " Upload it again."
    )


def hashes(path: Path) -> tuple[str, str]:
    """SHA-256 of a file, and its checksum by blocks; the file is read once, in bounded memory."""
    whole, blocks, block, filled = hashlib.sha256(), hashlib.sha256(), hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):  # a divisor of a block's size
            whole.update(chunk)
            block.update(chunk)
            filled += len(chunk)
            if filled == BLOCK_BYTES:
                blocks.update(block.digest())
                block, filled = hashlib.sha256(), 0
    if filled:
        blocks.update(block.digest())
    return whole.hexdigest(), blocks.hexdigest()


def discard(upload_id: str) -> None:
    """Forget an upload and remove what arrived of it.

    Raises:
        UnknownUploadError: There is none.
    """
    _card(upload_id)
    with _register:
        if (piece := _pieces.get(upload_id)) is not None:
            piece.close()
    for path in (_part(upload_id), _folder() / f"{upload_id}.json"):
        path.unlink(missing_ok=True)


def forget_stale() -> int:
    """Remove uploads that had no byte for ``AVCE_UPLOAD_KEPT_H`` hours; returns how many files went."""
    oldest, gone = time.time() - get_settings().upload_kept_h * 3600, 0
    for path in _folder().iterdir():
        with suppress(FileNotFoundError):  # another process was faster
            if path.stat().st_mtime < oldest and not _is_part_younger(path, oldest):
                path.unlink()
                gone += 1
    return gone


def _is_part_younger(path: Path, oldest: float) -> bool:
    """A card stays as long as bytes came to its part."""
    part = path.with_suffix(".part")
    return path.suffix == ".json" and part.exists() and part.stat().st_mtime >= oldest
