"""A home of its own for each test of the pages; no broker is needed to look at them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboard.routes import ROUTES
from tests.dashboard.seeding import Seeded, seed
from workers.migrate import upgrade
from workers.settings import get_settings
from workers.store import session


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty, migrated database and file store, shared by the tests of a module."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AVCE_HOME", str(folder))
        patch.setenv("AVCE_DATABASE_URL", "")
        patch.setenv("AVCE_FILES_URL", "")
        patch.setenv("AVCE_BROKER_URL", "memory://")
        get_settings.cache_clear()
        upgrade()
        yield folder
        session.dispose()
    get_settings.cache_clear()


@pytest.fixture(scope="module")
def seeded(home: Path) -> Seeded:
    """What :func:`tests.dashboard.seeding.seed` puts into the home."""
    return seed(home)


@pytest.fixture(scope="module")
def web(seeded: Seeded) -> TestClient:
    """The routes beside the pages, over what is seeded."""
    return TestClient(Starlette(routes=ROUTES))
