"""All that pages need, loaded before the first visitor comes: no one waits for imports, and memory is at its level."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

from anyio import to_thread

from dashboard.navigation import PAGES


def load_pages() -> None:
    """Import every page with all that it draws with, and let the collector pass over it from now on."""
    for entry in PAGES:
        import_module(f"dashboard.views.{entry.name}")
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def everything_loaded(_app: Any) -> AsyncIterator[None]:
    """For the web process: starts to answer once its pages are loaded."""
    await to_thread.run_sync(load_pages)
    yield
