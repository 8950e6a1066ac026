"""Take the pictures of the tour: ``python docs/take_screenshots.py [--into docs/images]``.

Starts a studio in a temporary home, runs the demo, draws activation maps, and photographs each page in a real
browser (the system's chromium, else Playwright's). Takes about five minutes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from dashboard.navigation import PAGES

ROOT = Path(__file__).resolve().parents[1]
WAIT_MS = 240_000
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def studio() -> Iterator[str]:
    """The address of a running studio with an empty home."""
    with tempfile.TemporaryDirectory() as home:
        port = free_port()
        own = {"AVCE_HOME": home, "AVCE_PORT": str(port), "AVCE_REDIS_PORT": str(free_port())}
        process = subprocess.Popen([sys.executable, "-m", "workers.launch"], cwd=ROOT, env=os.environ | own)
        address = f"http://127.0.0.1:{port}"
        try:
            while not _answers(address):
                if process.poll() is not None:
                    sys.exit("the studio did not start; its output above says why")
                time.sleep(0.5)
            yield address
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5):  # noqa: S310 (our own address)
            return True
    except (urllib.error.URLError, OSError):
        return False


def keep_small(path: Path) -> None:
    """Write a picture anew with 256 colours, which is a third of its size and looks the same."""
    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


def photograph(page: Page, into: Path, name: str, *, tallest_px: int = 1250) -> None:
    """Make the window as tall as the page, wait until it is still, and save it."""
    page.locator("h1").first.wait_for()
    page.wait_for_timeout(2500)
    page.evaluate(
        "document.activeElement?.blur(); document.querySelector('[data-testid=stMain]').scrollTo(0, 0)"
    )
    height = page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
    page.set_viewport_size({"width": 1440, "height": max(800, min(tallest_px, int(height) + 40))})
    page.wait_for_timeout(1500)
    path = into / f"{name}.png"
    page.screenshot(path=path)
    keep_small(path)
    page.set_viewport_size({"width": 1440, "height": 900})


def photograph_part(page: Page, into: Path, name: str, heading: str, *, tall_px: int = 1500) -> None:
    """Save the page from one of its headings on."""
    page.set_viewport_size({"width": 1440, "height": tall_px})
    page.get_by_role("heading", name=heading).evaluate("element => element.scrollIntoView({block: 'start'})")
    page.wait_for_timeout(2500)
    page.screenshot(path=into / f"{name}.png")
    keep_small(into / f"{name}.png")
    page.set_viewport_size({"width": 1440, "height": 900})


def tour(browser: Browser, address: str, into: Path) -> None:
    """Every page, in the order of the tour."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, base_url=address, color_scheme="light"
    )
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto("/")
    page.get_by_role("button", name="Start the demo").wait_for()
    photograph(page, into, "first-start")
    page.get_by_role("button", name="Start the demo").click()
    page.get_by_role("progressbar").nth(1).wait_for()
    page.wait_for_timeout(8000)
    photograph(page, into, "demo")
    page.get_by_text("7 of 7 steps finished").wait_for()
    page.goto("/datasets")
    page.get_by_role("combobox", name="Data set").click()
    page.get_by_role("option", name="Demo faces").click()
    for name in ("datasets", "train", "runs", "compare"):
        if name != "datasets":
            page.goto(f"/{name}")
        if name == "train":
            page.get_by_role("button", name="Measure", exact=True).click()
            page.get_by_text("Measured", exact=False).filter(has_text="steps").wait_for()
        photograph(page, into, name, tallest_px=1500 if name == "train" else 1250)
    page.get_by_role("radio", name="Duel", exact=True).click()
    page.get_by_text("First − second").wait_for()
    photograph_part(page, into, "duel", "Look closer")
    _video_and_maps(page, into)
    _inspector(page, into)
    page.goto("/jobs")
    photograph(page, into, "jobs")
    page.goto("/")
    photograph(page, into, "overview")
    context.close()


def _video_and_maps(page: Page, into: Path) -> None:
    page.goto("/video")
    player = page.locator(".player")
    player.wait_for()
    player.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(60)
    page.mouse.move(0, 0)
    photograph(page, into, "video", tallest_px=1330)
    page.get_by_role("button", name="Draw poster figure").click()
    page.locator("img.avce-poster").wait_for()
    page.wait_for_timeout(1500)
    page.locator("img.avce-poster").screenshot(path=into / "poster.png")
    keep_small(into / "poster.png")
    page.get_by_role("link", name="Activation maps of this video").click()
    page.get_by_role("button", name="head H, attentive view").click()
    page.wait_for_timeout(1500)
    page.get_by_role("button", name="Draw maps").click()
    page.get_by_role("heading", name="Arousal").wait_for()
    photograph(page, into, "maps", tallest_px=1500)


def _inspector(page: Page, into: Path) -> None:
    page.goto("/inspector")
    page.get_by_role("button", name="Inspect").first.click()
    page.get_by_role("heading", name="Pull and push").wait_for()
    photograph(page, into, "inspector", tallest_px=1600)


def every_page(browser: Browser, address: str, into: Path) -> None:
    """Each page wide and narrow, light and dark, whole: to look for what is cut off, pale or crowded."""
    into.mkdir(parents=True, exist_ok=True)
    for width_px, colours in product((1440, 900), ("light", "dark")):
        context = browser.new_context(
            viewport={"width": width_px, "height": 900}, base_url=address, color_scheme=colours
        )
        page = context.new_page()
        page.set_default_timeout(60_000)
        for name in (entry.name for entry in PAGES):
            page.goto(f"/{name}")
            page.locator("h1").first.wait_for()
            page.wait_for_timeout(4000)
            height = page.evaluate(
                "document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight"
            )
            page.set_viewport_size({"width": width_px, "height": max(900, min(3000, int(height) + 40))})
            page.wait_for_timeout(1500)
            page.screenshot(path=into / f"{name}-{width_px}-{colours}.png")
            page.set_viewport_size({"width": width_px, "height": 900})
        context.close()


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--into", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument(
        "--every-page", type=Path, metavar="DIR",
        help="also take each page at 1440 and 900 pixels, light and dark, into this folder",
    )  # fmt: skip
    chosen = parser.parse_args()
    into = chosen.into
    into.mkdir(parents=True, exist_ok=True)
    found = shutil.which("chromium") or shutil.which("google-chrome")
    with studio() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        tour(browser, address, into)
        if chosen.every_page:
            every_page(browser, address, chosen.every_page)
        browser.close()


if __name__ == "__main__":
    main()
