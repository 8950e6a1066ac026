"""Work with jobs as a person does it, in a real browser with real workers: what a training costs, a sweep and its way to
Compare, a training that is paused and goes on.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import opened_tab
from tests.browser.test_journey import LONG_MS, choose, field, fill, heading, press, unfold, upload

FACES = "Faces to sweep"
SEEDS = ("1", "2")
EPOCHS = 400


@pytest.fixture(scope="module")
def faces(browser: Browser, studio: str, faces_zip: Path) -> str:
    """Name of a small data set, brought in once."""
    with opened_tab(browser, studio) as page:
        page.goto("/datasets")
        unfold(page, "Add a data set")
        upload(page, faces_zip)
        expect(field(page, "Name")).to_have_attribute("placeholder", "faces")
        fill(page, "Name", FACES)
        press(page, "Import")
        expect(metric(page, "Samples")).to_contain_text("60", timeout=LONG_MS)
    return FACES


@pytest.fixture
def train_page(tab: Page, faces: str) -> Page:
    """The page Train with that data set and the smallest preset chosen."""
    tab.goto("/train")
    choose(tab, "^Data set", faces)
    choose(tab, "^Preset", "smoke")
    tab.locator("input[aria-label='Input size'][value='64']").wait_for()
    return tab


def metric(page: Page, label: str) -> Locator:
    return page.get_by_test_id("stMetric").filter(has_text=label)


def card(page: Page, words: str) -> Locator:
    return page.locator('[class*="st-key-jobs-job-"]').filter(has_text=words)


@pytest.mark.slow
def test_a_sweep_from_its_cost_to_the_table_with_seeds_together(train_page: Page) -> None:
    measure(train_page)
    queue_sweep(train_page)
    watch_the_group(train_page)
    compare_by_seed(train_page)


def measure(page: Page) -> None:
    expect(
        page.get_by_text("not measured").or_(page.get_by_text("from what runs like it took"))
    ).to_be_visible()
    press(page, "Measure")
    for label in ("Whole run", "Epoch", "Step", "Solver", "Memory"):
        expect(metric(page, label)).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_text("on the crops of this data set")).to_be_visible()
    expect(page.get_by_role("button", name="Measure again")).to_be_visible()


def queue_sweep(page: Page) -> None:
    unfold(page, "Sweep: several runs")
    choose(page, "^Options to sweep", "^Seed$")
    page.keyboard.press("Escape")
    fill(page, "Values of Seed", ", ".join(SEEDS))
    expect(page.get_by_text(f"The sweep of {len(SEEDS)} runs")).to_be_visible()
    fill(page, "Name of the run", "Two seeds")
    press(page, f"Queue {len(SEEDS)} trainings")
    expect(heading(page, "Jobs")).to_be_visible()
    expect(page).to_have_url(re.compile("group="))


def watch_the_group(page: Page) -> None:
    """Its jobs alone, each with its state, until all are done; nothing else is in the list."""
    cards = page.locator('[class*="st-key-jobs-job-"]')
    expect(cards).to_have_count(len(SEEDS))
    group = page.locator('[class*="st-key-group-"]').first
    expect(group.get_by_text(f"{len(SEEDS)} done", exact=True)).to_be_visible(timeout=LONG_MS)
    for seed in SEEDS:
        expect(card(page, f"Two seeds · seed {seed}").get_by_text("done", exact=True)).to_be_visible(
            timeout=LONG_MS
        )
    expect(group.get_by_role("row").filter(has_text=f"(n {len(SEEDS)})").first).to_be_visible(timeout=LONG_MS)


def compare_by_seed(page: Page) -> None:
    press(page, "Evaluate all")
    page.get_by_role("link", name=f"Compare ({len(SEEDS)})").click(timeout=LONG_MS)
    expect(heading(page, "Compare")).to_be_visible()
    together = page.get_by_role("row").filter(has_text=f"seeds {', '.join(SEEDS)}")
    expect(together.filter(has_text=f"n = {len(SEEDS)}").filter(has_text="±").first).to_be_visible()
    for seed in SEEDS:
        expect(page.get_by_role("row").filter(has_text=f"Two seeds · seed {seed}").first).to_be_visible()


@pytest.mark.slow
def test_a_training_is_paused_and_goes_on_from_where_it_was(train_page: Page) -> None:
    page = train_page
    fill(page, "Epochs", str(EPOCHS))
    fill(page, "Name of the run", "To be paused")
    press(page, "Queue training")
    expect(heading(page, "Runs")).to_be_visible()
    page.get_by_role("link", name="Jobs", exact=True).click()
    job = card(page, "To be paused")
    expect(job.get_by_text(re.compile(r"epoch ([3-9]|\d\d+)/"))).to_be_visible(timeout=LONG_MS)
    job.get_by_role("button", name="Pause").click()
    expect(job.get_by_text("paused", exact=True)).to_be_visible(timeout=LONG_MS)
    expect(job).to_contain_text("keeps its place until it is resumed")
    expect(job.get_by_role("progressbar")).to_be_visible()
    job.get_by_text("Log", exact=True).click()
    log = job.locator(".avce-log").last  # while a card is drawn anew, the one before is still there
    expect(log).to_contain_text("the user asks to pause")
    job.get_by_role("button", name="Resume").click()
    expect(log).to_contain_text(re.compile(r"resumed in epoch ([3-9]|\d\d+)"), timeout=LONG_MS)
    expect(job.get_by_text("done", exact=True)).to_be_visible(timeout=LONG_MS)
    expect(log).to_contain_text(f"epoch {EPOCHS}: ")
    expect(job.get_by_text("attempt")).to_have_count(0)  # a pause is no failed attempt
