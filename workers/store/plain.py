"""Values that fit in a JSON column of every database."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any


def plain(value: Any) -> Any:  # noqa: PLR0911 (JSON is of any type; one line per kind of value)
    """The same value in plain JSON types.

    ``nan`` and infinities become ``None``: PostgreSQL refuses them.
    """
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):  # NumPy arrays and numbers
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, int, bool)):
        return value
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"expected a value that JSON can hold, got {type(value).__name__}: {value!r}")
