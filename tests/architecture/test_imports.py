"""One direction of imports, and a light web process."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

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


def imported_names(path: Path) -> set[str]:
    """Modules that a file imports, anywhere in it; ``from package import module`` counts as both."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names if node.module == "workers")
    return names


def test_pages_go_through_the_client_and_know_only_names_besides() -> None:
    allowed = {"workers", "workers.client", "workers.errors", "workers.queues", "workers.records"}
    allowed |= {"workers.settings", "workers.states"}
    elsewhere = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / "dashboard").rglob("*.py"))
        for name in sorted(imported_names(path) - allowed)
        if name.split(".")[0] in {"workers", "sqlalchemy", "celery", "redis", "fsspec", *HEAVY}
    ]
    assert elsewhere == []


def test_the_environment_is_read_in_one_place() -> None:
    readers = {
        str(path.relative_to(ROOT))
        for package in ("avce", "workers", "dashboard")
        for path in (ROOT / package).rglob("*.py")
        if re.search(r"\b(environ|getenv)\b", path.read_text(encoding="utf-8"))
    }
    # The command has no settings besides its flags and the place of its cache, and tells OpenMP how to wait
    # and remembers costs by the threads that OpenMP was given; the launcher hands the environment on to the processes it starts.
    assert (
        readers - {"avce/cli/__init__.py", "avce/cli/cost.py", "avce/cli/data.py", "workers/launch.py"}
        == set()
    )


@pytest.mark.parametrize("package", ["avce", "workers", "dashboard"])
def test_every_package_tells_type_checkers_that_it_is_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()
