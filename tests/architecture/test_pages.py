"""Pages: a module in ``dashboard/views`` is a row in the table of pages, and the other way round."""

from __future__ import annotations

from importlib import import_module

import pytest

from dashboard.navigation import PAGES, START
from tests.architecture.tree import ROOT

VIEWS = sorted(
    path.stem for path in (ROOT / "dashboard" / "views").glob("[!_]*") if path.suffix in {".py", ""}
)


def test_every_view_is_in_the_navigation() -> None:
    assert sorted(entry.name for entry in PAGES) == VIEWS


def test_the_start_page_is_a_page() -> None:
    assert START in VIEWS


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_offers_one_page_and_says_what_it_is_for(view: str) -> None:
    module = import_module(f"dashboard.views.{view}")
    assert callable(module.page)
    assert module.__doc__
