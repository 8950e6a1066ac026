"""The browser that tests and benchmarks drive, and a free port for the server before it."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

from playwright.sync_api import Browser, Playwright

CHROMIUM = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def launch(playwright: Playwright) -> Browser | None:
    """The system's chromium, else the one that Playwright installed; ``None`` where there is none."""
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    own = Path(playwright.chromium.executable_path)
    if found is None and not own.exists():
        return None
    return playwright.chromium.launch(executable_path=found or str(own), args=FLAGS)


def free_port() -> int:
    """A port on loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
