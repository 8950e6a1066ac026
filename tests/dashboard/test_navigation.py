"""The table of pages and what it stands for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from dashboard.navigation import PAGES

ROOT = Path(__file__).resolve().parents[2]

HEAVY = ("torch", "cvxpy", "captum", "ecos")
LOAD = "import sys, dashboard.app, dashboard.main; from dashboard.navigation import PAGES; import importlib\n"
LOAD += "[importlib.import_module(f'dashboard.views.{p.name}') for p in PAGES]\n"
LOAD += f"print([name for name in {HEAVY!r} if name in sys.modules])"


def test_every_view_is_a_page_and_every_page_a_view() -> None:
    files = {path.stem for path in (ROOT / "dashboard" / "views").glob("[!_]*.py")}
    assert {entry.name for entry in PAGES} == files


def test_a_page_has_a_name_of_its_own() -> None:
    for field in ("name", "title", "icon"):
        assert len({getattr(entry, field) for entry in PAGES}) == len(PAGES)


def test_the_web_process_never_loads_torch_or_a_solver() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOAD], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("[]")
