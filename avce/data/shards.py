"""Crops on disk: Arrow files with one binary column of JPEG bytes, memory-mapped (see docs/adr/0003-shards.md)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from avce.errors import DataError

BATCH_ROWS = 256
"""Crops per record batch: what a writer holds in memory at most; a reader finds a crop by division."""

SCHEMA = pa.schema([pa.field("jpeg", pa.binary(), nullable=False)])


class ShardWriter:
    """Appends crops to one shard; use :func:`write_shard`."""

    def __init__(self, writer: pa.RecordBatchFileWriter) -> None:
        self._writer = writer
        self._pending: list[bytes] = []
        self.rows = 0

    def add(self, jpeg: bytes) -> int:
        """Append one crop.

        Returns:
            Its row in the shard.
        """
        self._pending.append(jpeg)
        self.rows += 1
        if len(self._pending) == BATCH_ROWS:
            self.flush()
        return self.rows - 1

    def flush(self) -> None:
        """Write what is pending as a (last, shorter) batch."""
        if self._pending:
            self._writer.write_batch(pa.record_batch([pa.array(self._pending, pa.binary())], schema=SCHEMA))
            self._pending = []


@contextmanager
def write_shard(path: Path) -> Iterator[ShardWriter]:
    """Write a shard that appears under its name when complete."""
    fresh = path.with_name(f".{path.name}")
    with pa.OSFile(str(fresh), "wb") as file, pa.ipc.new_file(file, SCHEMA) as arrow:
        writer = ShardWriter(arrow)
        yield writer
        writer.flush()
    fresh.replace(path)


class Shard:
    """Reads crops of one shard by row; memory-mapped, so only what is asked for is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def _reader(self) -> pa.RecordBatchFileReader:
        try:
            return pa.ipc.open_file(pa.memory_map(str(self.path)))
        except (pa.ArrowException, OSError) as error:
            raise DataError(
                f"{self.path}: expected a shard of crops, it cannot be read ({error}); prepare the data again"
            ) from error

    def jpeg(self, row: int) -> bytes:
        """One crop's JPEG bytes."""
        try:
            batch = self._reader.get_batch(row // BATCH_ROWS)
            return bytes(batch.column(0)[row % BATCH_ROWS].as_py())
        except (pa.ArrowException, IndexError, OSError) as error:
            raise DataError(
                f"{self.path}, crop {row}: cannot be read ({error}); prepare the data again"
            ) from error


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
