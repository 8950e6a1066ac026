"""Pages for eyes that see little, for screen readers, and for hands without a mouse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.navigation import PAGES

SEEN = Path(__file__).with_name("seen.js").read_text(encoding="utf-8")
STILL = "() => !document.querySelector('[data-testid=stApp][data-test-script-state=running], [data-testid=stSkeleton]')"
NAMES = [entry.name for entry in PAGES]


def seen(page: Page, address: str) -> dict[str, Any]:
    """What :file:`seen.js` finds on a page once its script has run."""
    page.goto(address)
    expect(page.locator("h1").first).to_be_visible()
    page.wait_for_function(STILL)
    page.wait_for_timeout(700)  # charts and fading parts are drawn
    found: dict[str, Any] = page.evaluate(SEEN)
    return found


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_words_can_be_read_and_controls_have_names_on_every_page(
    browser: Browser, pages: str, mode: str
) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 2400}, base_url=pages, color_scheme=mode)
    context.set_default_timeout(60_000)
    page = context.new_page()
    faults: dict[str, list[str]] = {}
    for name in NAMES:
        found = seen(page, f"/{name}")
        assert (found["lang"], bool(found["title"])) == ("en", True), name
        faults[name] = found["faint"] + found["nameless"] + found["skips"]
    context.close()
    assert {name: wrong for name, wrong in faults.items() if wrong} == {}


def test_the_measure_finds_faint_words_and_nameless_controls(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<h1>A</h1><h3>B</h3><p style='color: #999; background: #fff'>faint</p><input><img>")
    found = page.evaluate(SEEN)
    page.close()
    assert found["faint"][0].startswith("2.85")
    assert (len(found["nameless"]), found["skips"]) == (1, ["h3"])  # a picture that is not there has no size


def test_the_menu_works_by_keyboard_and_shows_where_the_focus_is(browser: Browser, pages: str) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=pages)
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto("/")
    expect(page.get_by_role("heading", name="AVCE Studio")).to_be_visible()
    wanted = page.get_by_test_id("stSidebarNav").get_by_role("link", name="Runs", exact=True)
    for _ in range(30):
        page.keyboard.press("Tab")
        if wanted.evaluate("e => e === document.activeElement"):
            break
    expect(wanted).to_be_focused()
    expect(wanted).to_have_css("outline-style", "solid")  # the page's style may come after its heading
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    context.close()
