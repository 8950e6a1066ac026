"""Measure what a training step costs: start a micro-run, follow it, end it when it takes too long or is not wanted."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from avce.errors import CostError
from avce.options import TrainOptions
from avce.progress import Reporter
from avce.training.cost import Measured
from avce.transforms.own import loaded_files

BUDGET_S = 4.0
"""Time for steps; a quick preset is done in about twice that, most of it the start of the process."""

MOST_S = 60.0
"""No measurement takes longer."""

POLL_S = 0.1


def measure(
    options: TrainOptions,
    data: Path | None,
    reporter: Reporter | None = None,
    *,
    crop_side: int = 128,
    budget_s: float = BUDGET_S,
    most_s: float = MOST_S,
) -> Measured:
    """Take a few training steps of exactly these options in a process of its own.

    Args:
        options: Of the run to come.
        data: A prepared folder; ``None`` takes noise in crops of ``crop_side``.
        reporter: Gets progress; its ``check`` ends the measurement, also within a step.
        crop_side: Side of noise crops in pixels.
        budget_s: Time for steps; a single step may take longer.
        most_s: The measurement is ended after this long.

    Raises:
        CostError: It did not end in time, or broke; says what to change.
        CancelledError: The user asked to stop.
    """
    reporter = reporter or Reporter()
    reporter.stage("measure")
    asked = {
        "options": options.model_dump(mode="json"),
        "data": None if data is None else str(data),
        "crop_side": crop_side,
        "budget_s": budget_s,
        "most_s": most_s,
        "views": [str(file) for file in loaded_files()],
    }
    begun, steps = time.monotonic(), 0
    with _started(asked) as (process, lines, faults):
        while (past := time.monotonic() - begun) < most_s:
            words = f"{steps} steps" if steps else "starting a process"
            reporter.progress(min(99, round(100 * past / most_s)), 100, words)
            try:
                line = lines.get(timeout=POLL_S)
            except queue.Empty:
                continue
            if line is None:
                raise CostError(_broken(process, faults))
            if "measured" in line:
                return Measured.model_validate(line["measured"])
            if "error" in line:
                raise CostError(str(line["error"]))
            steps = int(line.get("step", steps))
    raise CostError(_too_long(options, most_s, steps))


@contextmanager
def _started(
    asked: dict[str, Any],
) -> Iterator[tuple[subprocess.Popen[str], queue.Queue[dict[str, Any] | None], IO[str]]]:
    """The process, what it says line by line (``None`` when it has ended), and a file with its complaints."""
    with (
        tempfile.TemporaryFile("w+") as faults,
        subprocess.Popen(
            [sys.executable, "-m", "avce.training.micro_run"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=faults,
            text=True,
        ) as process,
    ):
        lines: queue.Queue[dict[str, Any] | None] = queue.Queue()
        threading.Thread(target=_listen, args=(process, lines), daemon=True).start()
        try:
            if process.stdin is not None:
                with suppress(BrokenPipeError):  # it has ended already; what it said tells why
                    process.stdin.write(json.dumps(asked))
                    process.stdin.close()
            yield process, lines, faults
        finally:
            process.kill()


def _listen(process: subprocess.Popen[str], lines: queue.Queue[dict[str, Any] | None]) -> None:
    for line in process.stdout or ():
        try:
            lines.put(json.loads(line))
        except ValueError:  # a library's own words
            continue
    lines.put(None)


def _broken(process: subprocess.Popen[str], faults: IO[str]) -> str:
    process.wait(timeout=5)
    faults.seek(0)
    said = [line for line in faults.read().splitlines() if line.strip()]
    last = said[-1] if said else "it said nothing"
    hint = "; a smaller batch or input needs less memory" if process.returncode < 0 else ""
    return f"the trial training broke off with code {process.returncode} ({last}){hint}"


def _too_long(options: TrainOptions, most_s: float, steps: int) -> str:
    done = f"{steps} steps were done" if steps else "not one step was done"
    ways = [f"batch_size (now {options.batch_size})", f"input_size (now {options.input_size})"]
    if options.method == "avce" and options.avce.solver != "exact":
        ways.append(f"solver exact (now {options.avce.solver})")
    return (
        f"expected a measurement within {most_s:.0f} s, {done}; so an epoch takes long on this machine."
        f" What makes steps cheaper: a smaller {', '.join(ways)}"
    )
