"""Rows on their way to the database: few transactions, and yet what is done can soon be seen."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

ROWS = 2048
"""So many rows are written at once; a transaction costs as much as some hundred rows."""
OLDEST_S = 1.0

Row = dict[str, Any]


class RowBuffer:
    """Keeps rows until they are many or old; whoever fills it flushes it at the end.

    Args:
        write: Writes rows in a transaction of its own.
    """

    def __init__(self, write: Callable[[list[Row]], None]) -> None:
        self._write = write
        self._rows: list[Row] = []
        self._since = 0.0

    def add(self, rows: list[Row]) -> None:
        """Take rows, and write all when it is time."""
        if not self._rows:
            self._since = time.monotonic()
        self._rows += rows
        if len(self._rows) >= ROWS or time.monotonic() - self._since >= OLDEST_S:
            self.flush()

    def flush(self) -> None:
        """Write what is there."""
        if self._rows:
            rows, self._rows = self._rows, []
            self._write(rows)
