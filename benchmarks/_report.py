"""What every benchmark shares: its flag, its clock, and the file it writes."""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

SCHEMA = 1
_PACKAGES = ("torch", "numpy", "cvxpy", "ecos", "entmax")


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "threads": os.environ.get("OMP_NUM_THREADS", "default"),
        "packages": {name: _version(name) for name in _PACKAGES},
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def write_report(path: Path, figures: dict[str, Any], **more: Any) -> None:
    """Write ``{"schema", "machine", "figures", …}`` as JSON.

    Args:
        path: File to write; its folder is made.
        figures: The numbers, by name.
        more: Further sections, such as tables.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    report = {"schema": SCHEMA, "machine": machine(), "figures": figures, **more}
    path.write_text(json.dumps(report, indent=2) + "\n", "utf-8")


def parser(description: str) -> argparse.ArgumentParser:
    """Command line with ``--json FILE``; a benchmark adds its own flags."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file")
    return made


def run(description: str, measure: Callable[[], dict[str, Any]], argv: Sequence[str] | None = None) -> None:
    """Whole life of a benchmark without flags of its own: measure, print, write."""
    arguments = parser(description).parse_args(argv)
    finish(measure(), arguments.json)


def finish(figures: dict[str, Any], path: Path | None, **more: Any) -> None:
    """Print the figures and, where a file was asked for, write them."""
    for name, value in figures.items():
        print(f"{name:28s} {value:.6g}" if isinstance(value, float) else f"{name:28s} {value}")
    if path is not None:
        write_report(path, figures, **more)


def median_seconds(work: Callable[[], object], *, repeats: int, warm_up: int = 1) -> float:
    """Median wall-clock time of a call, which a busy moment of the machine does not move."""
    for _ in range(warm_up):
        work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return median(times)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "absent"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
