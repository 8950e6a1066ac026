"""Every page while the database does not answer: one clear line, no stack trace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.navigation import PAGES
from tests.dashboard.pages import open_page
from tests.homes import own_home


@pytest.fixture(scope="module", autouse=True)
def no_tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose database has no tables."""
    with own_home(tmp_path_factory.mktemp("bare"), is_migrated=False) as folder:
        yield folder


@pytest.mark.parametrize("name", [entry.name for entry in PAGES])
def test_a_page_without_its_database_says_so(name: str) -> None:
    errors = [error.value for error in open_page(name).error]
    assert any("the database does not answer" in error for error in errors)
