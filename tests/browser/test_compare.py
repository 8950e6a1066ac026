"""Compare in a real browser, before a studio with many runs: look closer, fight a duel, share the address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

PATIENCE_MS = 60_000


@pytest.fixture
def compare(browser: Browser, pages: str) -> Iterator[Page]:
    """The compare page at 900 pixels; errors of its scripts fail the test."""
    context = browser.new_context(viewport={"width": 900, "height": 900}, base_url=pages)
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto("/compare")
    expect(page.get_by_role("heading", name="Look closer")).to_be_visible()
    yield page
    context.close()
    assert not faults


def look(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()


def test_each_closer_look_opens_and_the_address_keeps_it(compare: Page) -> None:
    look(compare, "Curves")
    expect(compare.get_by_role("row").filter(has_text="highest mean of both CCCs").first).to_be_visible()
    look(compare, "All runs")
    expect(compare.locator(".parcoords").first).to_be_visible()
    look(compare, "What differs")
    expect(compare.get_by_role("row").filter(has_text="method")).to_be_visible()
    expect(compare).to_have_url(re.compile("look=options"))
    compare.reload()
    expect(compare.get_by_role("row").filter(has_text="method")).to_be_visible()


def test_a_duel_names_the_better_run_and_can_be_taken_home(compare: Page) -> None:
    row = compare.get_by_role("row").filter(has_text="ΔCCC, valence")
    expect(row).to_contain_text(re.compile(r"[+−]?0\.\d{3} … "))
    expect(compare.get_by_text("Wins per subject")).to_be_visible()
    expect(compare).to_have_url(re.compile(r"first=\w+&second=\w+|look=duel"))
    with compare.expect_download() as download:
        compare.get_by_role("button", name="Duel as csv").click()
    assert "ccc" in Path(download.value.path()).read_text()
