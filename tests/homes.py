"""A home of their own for tests that need no broker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from workers.migrate import upgrade
from workers.settings import get_settings
from workers.store import session


@contextmanager
def own_home(folder: Path, *, is_migrated: bool = True) -> Iterator[Path]:
    """Let the settings point to a folder, with a database of the present tables unless it shall have none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AVCE_HOME", str(folder))
        patch.setenv("AVCE_DATABASE_URL", "")
        patch.setenv("AVCE_FILES_URL", "")
        patch.setenv("AVCE_BROKER_URL", "memory://")
        get_settings.cache_clear()
        if is_migrated:
            upgrade()
        yield folder
        session.dispose()
    get_settings.cache_clear()
