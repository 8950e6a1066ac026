"""Views of one's own, from Python files that register them.

Only who starts a training or a worker names such files: neither a checkpoint nor an upload can bring code along.
"""

from __future__ import annotations

import runpy
from pathlib import Path

from avce.errors import OptionError
from avce.transforms.views import VIEWS

_loaded: dict[Path, tuple[str, ...]] = {}


def load_views(path: Path | str) -> tuple[str, ...]:
    """Run a Python file that calls :func:`avce.transforms.register_cvxpy_view`; a second time it is passed over.

    Args:
        path: The file.

    Returns:
        Names that it registered.

    Raises:
        OptionError: No such file, it breaks off, or registers nothing.
    """
    file = Path(path).resolve()
    if file in _loaded:
        return _loaded[file]
    if not file.is_file():
        raise OptionError(f"views: expected a Python file that registers views, got {path}, which is no file")
    before = set(VIEWS)
    try:
        runpy.run_path(str(file))
    except Exception as error:  # whatever the user's code raises
        raise OptionError(
            f"views: {path} broke off with {type(error).__name__}: {error}; mend the file, nothing was trained"
        ) from error
    names = tuple(name for name in VIEWS if name not in before)
    if not names:
        raise OptionError(
            f"views: expected {path} to call avce.transforms.register_cvxpy_view(name, build), it registered nothing"
        )
    _loaded[file] = names
    return names


def loaded_files() -> tuple[Path, ...]:
    """Files that :func:`load_views` has run in this process, for processes that are started to do as this one."""
    return tuple(_loaded)
