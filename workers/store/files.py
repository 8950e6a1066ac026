"""Files by content: each is stored once under its SHA-256, in any place that fsspec knows.

A name is written only after its bytes are complete, so a reader never sees half a file.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, BinaryIO
from uuid import uuid4

import fsspec
from fsspec.implementations.local import LocalFileSystem

from workers.errors import StoreError
from workers.records import StoredFile
from workers.settings import get_settings

CHUNK_BYTES = 1 << 20


class FileStore:
    """A store at an fsspec URL, with local copies in ``cache`` where the store itself is not a folder."""

    def __init__(self, url: str, cache: Path) -> None:
        filesystem, self.root = fsspec.core.url_to_fs(url)
        self.filesystem: Any = filesystem
        self.cache = cache
        self.is_local = isinstance(filesystem, LocalFileSystem)

    def _key(self, sha256: str) -> str:
        return f"{self.root}/{sha256[:2]}/{sha256[2:4]}/{sha256}"

    def exists(self, sha256: str) -> bool:
        """Whether the store holds this content."""
        return bool(self.filesystem.exists(self._key(sha256)))

    def put(self, stream: BinaryIO | IO[bytes], name: str, *, max_bytes: int | None = None) -> StoredFile:
        """Store a stream in bounded memory.

        Raises:
            StoreError: More than ``max_bytes`` came; nothing is kept.
        """
        digest, size = hashlib.sha256(), 0
        incoming = f"{self.root}/incoming/{uuid4().hex}"
        self.filesystem.makedirs(f"{self.root}/incoming", exist_ok=True)
        try:
            with self.filesystem.open(incoming, "wb") as out:
                while chunk := stream.read(CHUNK_BYTES):
                    size += len(chunk)
                    if max_bytes is not None and size > max_bytes:
                        raise StoreError(
                            f"{name}: larger than the limit of {max_bytes} bytes (AVCE_MAX_UPLOAD_BYTES)"
                        )
                    digest.update(chunk)
                    out.write(chunk)
            self._take(incoming, digest.hexdigest())
        finally:
            if self.filesystem.exists(incoming):
                self.filesystem.rm(incoming)
        return StoredFile(sha256=digest.hexdigest(), size=size, name=name)

    def _take(self, incoming: str, sha256: str) -> None:
        key = self._key(sha256)
        if self.filesystem.exists(key):
            return
        self.filesystem.makedirs(key.rsplit("/", 1)[0], exist_ok=True)
        self.filesystem.mv(incoming, key)

    def take(self, path: Path, sha256: str) -> None:
        """Move a local file in, whose hash the caller has computed; it is copied only where it must be."""
        if self.is_local:
            key = Path(self._key(sha256))
            key.parent.mkdir(parents=True, exist_ok=True)
            with suppress(OSError):  # another disk
                path.replace(key)
                return
        with path.open("rb") as stream:
            self.put(stream, path.name)
        path.unlink()

    def put_path(self, path: Path, name: str | None = None) -> StoredFile:
        """Store a local file."""
        with path.open("rb") as stream:
            return self.put(stream, name or path.name)

    def put_folder(self, folder: Path) -> dict[str, str]:
        """Store every file below a folder; returns relative name → hash."""
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): self.put_path(path).sha256 for path in files}

    def open(self, sha256: str) -> BinaryIO:
        """Open content for reading.

        Raises:
            StoreError: The store does not hold it.
        """
        try:
            stream: BinaryIO = self.filesystem.open(self._key(sha256), "rb")
        except FileNotFoundError as error:
            raise StoreError(f"file {sha256[:12]}… is missing from the file store {self.root}") from error
        return stream

    def read(self, sha256: str) -> bytes:
        """The whole content of a small file."""
        with self.open(sha256) as stream:
            return stream.read()

    def local_path(self, sha256: str) -> Path:
        """A real file with this content; read it, never write to it."""
        if self.is_local:
            path = Path(self._key(sha256))
            if not path.is_file():
                raise StoreError(f"file {sha256[:12]}… is missing from the file store {self.root}")
            return path
        path = self.cache / "files" / sha256
        if not path.is_file():
            self._download(sha256, path)
        return path

    def _download(self, sha256: str, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{uuid4().hex}.part")
        with self.open(sha256) as stream, part.open("wb") as out:
            shutil.copyfileobj(stream, out, CHUNK_BYTES)
        part.replace(path)

    def get(self, sha256: str, path: Path) -> Path:
        """Put the content at ``path``, as a hard link where possible; read it, never write to it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        source = self.local_path(sha256)
        try:
            os.link(source, path)
        except OSError:  # another disk, or a filesystem without links
            shutil.copyfile(source, path)
        return path

    def get_folder(self, files: Mapping[str, str], folder: Path) -> Path:
        """Rebuild a stored folder; it appears under its name only when complete."""
        if folder.is_dir():
            return folder
        part = folder.with_name(f"{folder.name}.{uuid4().hex}.part")
        part.mkdir(parents=True)
        try:
            for name, sha256 in files.items():
                self.get(sha256, part / name)
            part.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster, with the same content
                raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return folder


@lru_cache(maxsize=4)
def _store_for(url: str, cache: Path) -> FileStore:
    return FileStore(url, cache)


def file_store() -> FileStore:
    """The file store of the settings."""
    settings = get_settings()
    return _store_for(settings.files, settings.cache_folder)
