"""What the commands show: bars and log lines on stderr, results on stdout."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from avce.files import finite
from avce.options import Axis
from avce.progress import Reporter

AXES = tuple(axis.value for axis in Axis)
FIGURES = ("rmse", "sagr", "pcc", "ccc")


class ConsoleReporter(Reporter):
    """Shows a bar per stage with ETA, and log lines above it; silent when the output is for machines."""

    def __init__(self, *, quiet: bool = False) -> None:
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("[bold]{task.fields[stage]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("eta"),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
            console=console,
            disable=quiet or not console.is_terminal,
        )
        self._quiet, self._plain = quiet, not console.is_terminal
        self._task = self._bar.add_task("", stage="", total=None)
        self._next_draw = 0.0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def stage(self, name: str) -> None:
        """Restart the bar under a new name."""
        self._bar.reset(self._task, stage=name, total=None, description="")

    def progress(self, done: int, total: int | None, message: str = "") -> None:
        """Move the bar, at most ten times a second."""
        self.check()
        now = time.monotonic()
        if now >= self._next_draw or done == total:
            self._next_draw = now + 0.1
            self._bar.update(self._task, completed=done, total=total, description=message)

    def log(self, line: str) -> None:
        """Print a line above the bar."""
        if self._quiet:
            return
        if self._plain:
            click.echo(line, err=True)
        else:
            self._bar.console.print(line, highlight=False, markup=False)


def print_json(value: Any) -> None:
    """One JSON document on stdout; an undefined figure is ``null``."""
    click.echo(json.dumps(finite(value), ensure_ascii=False, indent=1, default=str, allow_nan=False))


def metric_table(title: str, rows: Mapping[str, Mapping[str, Any]]) -> None:
    """RMSE, SAGR, PCC and CCC per axis, one line per model, on stdout."""
    table = Table(title=title, title_justify="left")
    table.add_column("model")
    for name in FIGURES:
        for axis in AXES:
            table.add_column(f"{name.upper()}-{axis[0].upper()}", justify="right")
    for model, metrics in rows.items():
        table.add_row(model, *(_cell(metrics[axis].get(name)) for name in FIGURES for axis in AXES))
    Console().print(table)


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
