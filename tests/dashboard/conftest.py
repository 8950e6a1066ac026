"""A home of its own for each test of the pages; no broker is needed to look at them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboard.routes import ROUTES
from tests.dashboard.seeding import Seeded, seed
from tests.homes import own_home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty, migrated database and file store, shared by the tests of a module."""
    with own_home(tmp_path_factory.mktemp("home")) as folder:
        yield folder


@pytest.fixture(scope="module")
def seeded(home: Path) -> Seeded:
    """What :func:`tests.dashboard.seeding.seed` puts into the home."""
    return seed(home)


@pytest.fixture(scope="module")
def web(seeded: Seeded) -> TestClient:
    """The routes beside the pages, over what is seeded."""
    return TestClient(Starlette(routes=ROUTES))
