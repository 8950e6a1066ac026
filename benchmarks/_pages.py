"""The web process before a filled home, pages in a browser, and how long until they stand."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from playwright.sync_api import BrowserContext, Page
from playwright.sync_api import Error as PlaywrightError

from benchmarks._browser import free_port

ROOT = Path(__file__).resolve().parents[1]
CLOCK = Path(__file__).with_name("_clock.js").read_text("utf-8")
START_S = 60.0
SETTLE_MS = 20_000
TROUBLE = '[data-testid="stException"], [data-testid="stAlertContentError"]:not([class*="-job-"] *)'
"""A page's own errors; the error of a failed job, on its card, is no fault of the page."""


@dataclass
class Samples:
    """What was measured, by page or interaction, and what went wrong."""

    times: dict[str, list[float]] = field(default_factory=dict)
    busy: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def add(self, name: str, seconds: float | None, busy_s: float = 0.0) -> None:
        """Record a time, and the processor time spent meanwhile; ``None``: it did not settle."""
        if seconds is None:
            self.errors.append(f"{name}: did not settle within {SETTLE_MS / 1000:.0f} s")
        else:
            self.times.setdefault(name, []).append(seconds)
            self.busy.setdefault(name, []).append(busy_s)

    def timed(self, name: str, work: Callable[[], float | None]) -> None:
        """Record what a piece of work says it took."""
        before = busy_seconds()
        seconds = work()
        self.add(name, seconds, busy_seconds() - before)

    def busy_mean_s(self) -> float:
        """Processor time of server and browser, mean over everything."""
        return float(np.mean([value for times in self.busy.values() for value in times]))

    def p95(self) -> float:
        """Of all times together."""
        return float(np.percentile([value for times in self.times.values() for value in times], 95))

    def table(self) -> list[dict[str, Any]]:
        """Median, 95th percentile and count of each, slowest first."""
        rows = [
            {
                "name": name,
                "median_s": float(np.median(times)),
                "p95_s": float(np.percentile(times, 95)),
                "busy_s": float(np.median(self.busy[name])),
                "n": len(times),
            }
            for name, times in self.times.items()
        ]
        return sorted(rows, key=lambda row: -float(str(row["median_s"])))


def busy_seconds() -> float:
    """Processor time so far of everything this process started: the server and the browser."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            times = process.cpu_times()
        except psutil.Error:  # it has just ended
            continue
        total += times.user + times.system
    return total


@contextmanager
def server(home: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The web process alone, before the database of a home: its address and the process."""
    port = free_port()
    own = {"AVCE_HOME": str(home), "AVCE_PORT": str(port), "AVCE_BROKER_URL": "memory://"}
    with (home / "web.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dashboard.serve"],
            cwd=ROOT, env=os.environ | own, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        _await(address, process)
        yield address, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _await(address: str, process: subprocess.Popen[bytes]) -> None:
    ends_at = time.monotonic() + START_S
    while time.monotonic() < ends_at and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(
        f"the pages did not answer at {address} within {START_S:.0f} s; see web.log in the home"
    )


def watched(context: BrowserContext, samples: Samples) -> BrowserContext:
    """The same windows with the clock in them; failures in them are noted."""
    context.add_init_script(CLOCK)
    context.set_default_timeout(SETTLE_MS)
    context.on("weberror", lambda error: samples.errors.append(f"script: {error.error}"))
    context.on(
        "response",
        # Streamlit's own script asks below every part of the address for its server, and takes the first that answers
        lambda answer: (
            samples.errors.append(f"{answer.status} {answer.url}")
            if answer.status >= 400 and "/_stcore/" not in answer.url
            else None
        ),
    )
    return context


def settled(page: Page, samples: Samples) -> float | None:
    """Seconds from the beginning (of the page, or of the last click) until it stood; ``None``: it never did."""
    try:
        page.wait_for_function("() => window.avceClock?.settledAt", polling=20)
    except PlaywrightError:
        return None
    for trouble in page.locator(TROUBLE).all_inner_texts():
        samples.errors.append(f"{page.url}: {trouble[:200]}")
    clock = page.evaluate("() => window.avceClock")
    return float(clock["settledAt"] - clock["from"]) / 1000


def opened(page: Page, path: str, samples: Samples) -> float | None:
    """Open a page by its address."""
    page.goto(path, wait_until="commit")
    return settled(page, samples)


def acted(page: Page, action: Callable[[], object], samples: Samples) -> float | None:
    """Do something and wait until the page has answered; the clock starts at the last click or key of it."""
    page.evaluate("() => window.avceClock.arm()")
    action()
    return settled(page, samples)
