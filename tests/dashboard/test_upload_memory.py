"""The server's memory while a large file comes in: a real process on loopback."""

from __future__ import annotations

from pathlib import Path

from benchmarks._pages import server
from benchmarks._uploading import measure_upload

SIZE = 160 * 10**6
MOST_MB = 16.0
"""Two pieces: a tenth of the file, and more than threads and allocators need (1 MB seen)."""


def test_memory_stays_flat_while_a_large_file_streams_in_and_is_checked(home: Path) -> None:
    with server(home) as (address, process):
        figures = measure_upload(address, process, SIZE)
    assert figures["upload_rss_growth_mb"] < MOST_MB
    assert list((home / "incoming").glob("*.part")) == []
