"""Memory that a network frees is kept for its next batch, instead of being handed back and fetched anew.

The C library of most Linux systems (glibc) fetches a large block from the system each time it is asked for one and hands it back
when it is freed. The system clears what it hands out, page by page, at the first touch. A network asks for the same
blocks in every batch, so without this a step of AlexNet at 224 px (batch 64) touches 50,000 new pages and EfficientNet-Lite0,
which has many large maps and little to compute on each, spends more time on that than on its layers
(docs/results.md has the figures). Values do not change.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # numbers of mallopt's settings, from malloc.h
_LARGEST = 2**31 - 1  # mallopt takes an int


@cache
def keep_freed_memory() -> bool:
    """From now on this process keeps what it frees, until :func:`give_back_memory`; called where a network is built.

    Returns:
        Whether it took effect: not without glibc.
    """
    mallopt = _glibc("mallopt")
    if mallopt is None:
        return False
    return all(mallopt(setting, _LARGEST) for setting in (_MMAP_THRESHOLD, _TRIM_THRESHOLD))


def give_back_memory() -> None:
    """Hand what is free back to the system, at the end of a job in a process that goes on; tens of milliseconds per GB."""
    trim = _glibc("malloc_trim")
    if trim is not None:
        trim(0)


def _glibc(name: str) -> Callable[..., int] | None:
    try:
        function: Callable[..., int] = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):  # another C library; another system
        return None
    return function
