"""Bring files in, piece by piece or whole; see :mod:`workers.store.incoming`."""

from __future__ import annotations

from typing import BinaryIO

from workers.client._door import door
from workers.records import StoredFile
from workers.settings import get_settings
from workers.store import incoming
from workers.store.files import file_store


@door
def store_upload(stream: BinaryIO, filename: str) -> StoredFile:
    """Keep an uploaded file, read in pieces; the name is cut down to its last part."""
    return file_store().put(stream, incoming.last_part(filename), max_bytes=get_settings().max_upload_bytes)


begin_upload = door(incoming.begin)
get_upload = door(incoming.get)
unfinished_uploads = door(incoming.unfinished)
open_piece = door(incoming.open_piece)
finish_upload = door(incoming.finish)
discard_upload = door(incoming.discard)
