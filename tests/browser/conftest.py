"""A whole studio, as `make run` starts it, and a real browser in front of it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from avce.options import SynthOptions
from benchmarks._browser import free_port, launch
from benchmarks._filling import Size, fill
from benchmarks._pages import server
from tests.homes import own_home

ROOT = Path(__file__).resolve().parents[2]
START_S = 120
PATIENCE_MS = 60_000  # two cores may be shared with other test processes


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of these share one studio, so one test process takes them."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


def is_up(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a studio with Redis, web and all workers, in a home of its own."""
    with launched(tmp_path_factory.mktemp("studio")) as address:
        yield address


@contextmanager
def launched(home: Path) -> Iterator[str]:
    """Address of a studio over a home, which may hold things already."""
    port = free_port()
    own = {
        "AVCE_HOME": str(home),
        "AVCE_PORT": str(port),
        "AVCE_REDIS_PORT": str(free_port()),
        "AVCE_REPORT_S": "0.2",
    }
    log = home / "studio.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "workers.launch"],
            cwd=ROOT,
            env=os.environ | own,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        ends_at = time.monotonic() + START_S
        while not is_up(address):
            is_hopeless = process.poll() is not None or time.monotonic() > ends_at
            assert not is_hopeless, log.read_text(errors="replace")[-3000:]
            time.sleep(0.3)
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's chromium, else the one that Playwright installed."""
    with sync_playwright() as playwright:
        chosen = launch(playwright)
        if chosen is None:
            pytest.skip("no browser is installed; `make browser` installs one")
        yield chosen
        chosen.close()


@pytest.fixture
def tab(browser: Browser, studio: str) -> Iterator[Page]:
    """A fresh window on the studio."""
    with opened_tab(browser, studio) as page:
        yield page


@contextmanager
def opened_tab(browser: Browser, address: str) -> Iterator[Page]:
    """A fresh window at 1440 × 900; errors of the page's scripts fail the test."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, base_url=address, accept_downloads=True
    )
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert not faults


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the pages alone, before a home with forty runs."""
    with own_home(tmp_path_factory.mktemp("many")) as home:
        fill(home, Size(runs=40, metric_points=8_000, videos=2, trajectory_points=400))
    with server(home) as (address, _):
        yield address


@pytest.fixture(scope="session")
def faces_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small drawn data set with six people."""
    from avce.data.synthetic import synthesize

    options = SynthOptions(subjects=6, per_subject=10, size=96, seed=5)
    folder = synthesize(tmp_path_factory.mktemp("faces") / "faces", options)
    return Path(shutil.make_archive(str(folder), "zip", folder))


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn talking head, which leaves the picture for a moment."""
    from avce.data.synthetic import synthesize

    options = SynthOptions(kind="affwild", clips=1, seconds=3, fps=12.5, width=240, height=180, seed=6)
    folder = synthesize(tmp_path_factory.mktemp("clips") / "clips", options)
    return next(path for path in sorted(folder.rglob("*")) if path.suffix in {".mp4", ".avi"})
