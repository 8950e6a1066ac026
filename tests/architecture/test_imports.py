"""One direction of imports, and a light web process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.architecture.tree import ROOT

HEAVY = ("torch", "cvxpy", "ecos", "captum", "accelerate")

LIGHT_MODULES = (
    "avce",
    "avce.errors",
    "avce.options",
    "avce.progress",
    "avce.published",
    "avce.data.layouts",
    "avce.data.doctor",
    "avce.data.splits",
    "avce.data.index",
    "avce.data.prepared",
    "avce.video.read",
    "avce.video.states",
    "avce.faces.detect",
    "avce.faces.crop",
    "avce.faces.track",
    "workers.client",
    "workers.queues",
    "workers.records",
    "workers.settings",
    "workers.states",
)

IMPORT_AND_REPORT = f"""
import importlib, pkgutil, sys
for name in sys.argv[1:]:
    module = importlib.import_module(name.removesuffix(".*"))
    if name.endswith(".*"):
        for found in pkgutil.walk_packages(module.__path__, module.__name__ + "."):
            importlib.import_module(found.name)
print(*[name for name in {HEAVY!r} if name in sys.modules])
"""


def heavy_modules_after_importing(*names: str) -> list[str]:
    """Import in a fresh process (``package.*`` takes all of it) and say which heavy packages came along."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IMPORT_AND_REPORT, *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_contracts_of_the_design_hold() -> None:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as c; c()",
        "--no-cache",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_web_process_loads_every_page_and_no_heavy_package() -> None:
    assert heavy_modules_after_importing("dashboard.*") == []


def test_the_names_that_pages_and_commands_share_load_no_heavy_package() -> None:
    assert heavy_modules_after_importing(*LIGHT_MODULES) == []


@pytest.mark.parametrize("package", ["avce", "workers", "dashboard"])
def test_every_package_tells_type_checkers_that_it_is_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()
