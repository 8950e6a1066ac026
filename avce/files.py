"""Files: written so that a reader, or a resumed job, never sees half of one; names in natural order."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def replace_folder(folder: Path) -> Iterator[Path]:
    """Give a fresh folder beside ``folder`` that takes its place when the block ends without an error.

    An old folder of that name stays whole until the new one is complete; after an error nothing is left over.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        yield fresh
        fresh.chmod(0o755)
        retired = fresh.with_name(fresh.name + ".old")
        if folder.exists():
            folder.rename(retired)
        fresh.rename(folder)
        shutil.rmtree(retired, ignore_errors=True)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def natural(name: str) -> list[int | str]:
    """Sort key under which "2" comes before "10"; what merely looks like a number ("²") is text."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def finite(value: Any) -> Any:
    """The same value, fit for JSON that others read: what is undefined (nan) or infinite becomes ``None``."""
    if isinstance(value, Mapping):
        return {name: finite(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_json(path: Path, value: Any) -> None:
    """Write UTF-8 JSON with an indent, atomically; nan stays Python's ``NaN``, see :func:`finite`."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")
    fresh.replace(path)
