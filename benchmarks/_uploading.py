"""A large upload through the route, as a browser sends it, and the server's memory meanwhile."""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import psutil

PIECE_BYTES = 8 << 20
EVERY_S = 0.02


@dataclass
class Memory:
    """Memory of a process, before and at most, in MB (2**20 bytes)."""

    before_mb: float
    most_mb: float

    @property
    def growth_mb(self) -> float:
        """What came on top."""
        return self.most_mb - self.before_mb


@contextmanager
def memory_of(process: psutil.Process) -> Iterator[Memory]:
    """Looks at a process every few milliseconds, in a thread."""

    def now() -> float:
        return float(process.memory_info().rss) / 2**20

    memory, stop = Memory(now(), now()), threading.Event()

    def look() -> None:
        while not stop.wait(EVERY_S):
            memory.most_mb = max(memory.most_mb, now())

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield memory
    finally:
        stop.set()
        thread.join()


def upload(address: str, name: str, size: int) -> dict[str, Any]:
    """Send a file of zeros; what the server answers in the end: ``{sha256, size, name}``."""
    piece, digests = bytes(PIECE_BYTES), hashlib.sha256()
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=600)

    def ask(method: str, path: str, body: bytes = b"", **headers: str) -> dict[str, Any]:
        connection.request(method, path, body, {"X-AVCE-Upload": "1", **headers})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return dict(json.loads(content))

    begun = ask("POST", f"/api/uploads?{urlencode({'name': name, 'size': size})}")
    path = f"/api/uploads/{begun['id']}"
    for start in range(0, size, PIECE_BYTES):
        part = piece[: size - start]
        digest = hashlib.sha256(part)
        digests.update(digest.digest())
        ask("PUT", f"{path}?offset={start}", part, **{"X-AVCE-SHA256": digest.hexdigest()})
    done = ask("POST", f"{path}/finish?checksum={digests.hexdigest()}")
    connection.close()
    return done


def measure_upload(address: str, process: psutil.Process, size: int) -> dict[str, float]:
    """``upload_rss_growth_mb`` and ``upload_mb_per_s`` (10**6 bytes, hashing on both sides and the final check in it)."""
    upload(address, "first.bin", PIECE_BYTES)  # what the first upload loads stays loaded
    with memory_of(process) as memory:
        start = time.perf_counter()
        done = upload(address, "large.bin", size)
        seconds = time.perf_counter() - start
    if done["size"] != size:
        raise RuntimeError(f"sent {size} bytes, stored {done['size']}")
    return {"upload_rss_growth_mb": memory.growth_mb, "upload_mb_per_s": size / 1e6 / seconds}
