"""The browser that tests and benchmarks drive, and a free port for the server before it."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Playwright

CHROMIUM = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def _program(playwright: Playwright) -> str | None:
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    own = Path(playwright.chromium.executable_path)
    return found or (str(own) if own.exists() else None)


def launch(playwright: Playwright) -> Browser | None:
    """The system's chromium, else the one that Playwright installed; ``None`` where there is none."""
    program = _program(playwright)
    return playwright.chromium.launch(executable_path=program, args=FLAGS) if program else None


def launch_profile(playwright: Playwright, folder: Path, **options: Any) -> BrowserContext | None:
    """A browser with a profile on disk, which keeps compiled scripts as a person's does; ``None`` without one."""
    program = _program(playwright)
    if program is None:
        return None
    return playwright.chromium.launch_persistent_context(
        folder, executable_path=program, args=FLAGS, **options
    )


def free_port() -> int:
    """A port on loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
