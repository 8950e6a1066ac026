"""A few real training steps, with the clock and the memory watched; run in a process of its own.

``python -m avce.training.micro_run`` reads ``{"options", "data", "budget_s", "most_s"}`` as JSON from its standard input and
writes lines of JSON: ``{"step": n}`` while it works, then ``{"measured": …}`` or ``{"error": …}``. In a process of its own the
memory is that of this training alone, threads and random numbers of the caller stay as they are, and a step
that takes minutes can be ended. :func:`avce.training.estimate.measure` starts it.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import torch
from torch import Tensor

from avce.data.batches import batch_size_for
from avce.data.loader import Batch, TrainLoader, train_loader
from avce.data.prepared import Prepared
from avce.data.synthetic.noise import noise_faces
from avce.errors import AvceError, DataError
from avce.methods import build_method
from avce.methods.avce import Avce
from avce.methods.base import Method
from avce.options import Split, TrainOptions
from avce.training.cost import Machine, Measured
from avce.training.engine import Engine
from avce.training.loop import EVAL_BATCH, predict_rows
from avce.transforms.own import load_views
from avce.transforms.timing import view_step_s

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MOST_STEPS = 12
WARM_UP = 2
"""Steps that are not counted, where a step is quick."""


@dataclass
class _Times:
    """Seconds of each counted step, of making its batch from decoded crops, and of decoding one crop."""

    step: list[float] = field(default_factory=list)
    load: list[float] = field(default_factory=list)
    decode: list[float] = field(default_factory=list)


class _Views:
    """Remembers what a step asks of the views: how often, and the last z."""

    def __init__(self, method: Avce) -> None:
        self.calls, self.z, self.method, self._solve = 0, torch.empty(0), method, method.views
        method.views = self  # type: ignore[method-assign]

    def __call__(self, z: Tensor) -> tuple[Tensor, Tensor]:
        self.calls, self.z = self.calls + 1, z.detach()
        return self._solve(z)


def micro_run(
    options: TrainOptions, data: Prepared, *, source: str, budget_s: float, told: Callable[[int], None]
) -> Measured:
    """Take steps until ``budget_s`` is used up, at least one, and measure.

    Args:
        options: Of the run to come. The weights' start does not matter to the clock, so fresh ones are taken.
        data: Crops to train on.
        source: What they are, see :class:`Measured`.
        budget_s: Time for the steps that count; those to warm up come before.
        told: Called after each step with how many there were.

    Raises:
        DataError: A split is too small.
    """
    if options.num_threads:
        torch.set_num_threads(options.num_threads)
    rows = data.rows(Split.TRAIN)
    options = options.model_copy(update={"batch_size": batch_size_for(len(rows), options.batch_size)})
    torch.manual_seed(options.seed)
    method = build_method(options)
    loader = train_loader(data, rows, options)
    if not len(loader):
        raise DataError(f"{data.folder}: the training split needs at least 2 faces, has {len(rows)}")
    engine = Engine(method, options, max(1, options.epochs * len(loader)))
    views = _Views(method) if isinstance(method, Avce) else None
    times = _take_steps(method, engine, loader, budget_s, told)
    taken = engine.step
    val = data.rows(Split.VAL)[:EVAL_BATCH]
    return Measured(
        at=datetime.now(UTC).isoformat(timespec="seconds"), machine=machine(engine.device), data=source,
        steps=len(times.step), batch_size=options.batch_size, step_s=median(times.step),
        step_low_s=_quantile(times.step, 0.25), step_high_s=_quantile(times.step, 0.75), load_s=median(times.load),
        decode_picture_s=median(times.decode), validate_picture_s=_validate_s(method, data, val, options, engine) / len(val),
        solver=options.avce.solver if views else None,
        solver_s=_solver_s(views, options, taken, budget_s) if views else 0.0,
        peak_mb=peak_mb(), gpu_mb=_gpu_mb(engine.device),
    )  # fmt: skip


def _quantile(values: list[float], share: float) -> float:
    return float(np.quantile(values, share))


def _take_steps(
    method: Method, engine: Engine, loader: TrainLoader, budget_s: float, told: Callable[[int], None]
) -> _Times:
    times, counted_s = _Times(), 0.0
    method.train()
    for batch, load_s, decode_s in _batches(loader):
        start = time.perf_counter()
        engine.begin_step()
        method.done = engine.step / engine.total_steps
        with engine.autocast():
            method.training_step(batch.to(engine.device), engine)
        engine.end_step()
        step_s = time.perf_counter() - start
        told(engine.step)
        if _counts(engine.step, step_s, budget_s):
            counted_s += step_s + load_s + decode_s
            times.step.append(step_s)
            times.load.append(load_s)
            times.decode.append(decode_s / len(batch))
        if len(times.step) >= MOST_STEPS or counted_s > budget_s:
            return times
    raise DataError("the training split gave no batch")  # pragma: no cover (batches do not end)


def _counts(number: int, step_s: float, budget_s: float) -> bool:
    """Whether a step, the first being number 1, tells what the others will take.

    The first pays for what is paid once (libraries loaded when first used, memory, kernels chosen), a second or two: it counts
    only where it takes so long that this is little beside it. The second is left out where steps are quick.
    """
    if number == 1:
        return step_s > 2 * budget_s
    return number > WARM_UP or step_s > budget_s / 4


def _batches(loader: TrainLoader) -> Iterator[tuple[Batch, float, float]]:
    """Batches without end; with each, the time to make it again, and how much more the first time took."""
    decode_s = 0.0
    for epoch in range(MOST_STEPS + WARM_UP + 1):
        batches = loader.epoch(epoch)
        while True:
            start = time.perf_counter()
            batch = next(batches, None)
            if batch is None:
                break
            first_s = time.perf_counter() - start
            start = time.perf_counter()
            loader.images(batch.rows.numpy(), epoch)
            load_s = time.perf_counter() - start
            if epoch == 0:
                decode_s = max(0.0, first_s - load_s)
            yield batch, load_s, decode_s


def _validate_s(
    method: Method, data: Prepared, rows: NDArray[np.int64], options: TrainOptions, engine: Engine
) -> float:
    method.eval()
    predict_rows(method, data, rows[:2], options, engine.device)  # what is paid once
    start = time.perf_counter()
    predict_rows(method, data, rows, options, engine.device)
    return time.perf_counter() - start


def _solver_s(views: _Views, options: TrainOptions, steps: int, budget_s: float) -> float:
    """Both views on the z of the last step, as often as a step asks for them."""
    names = options.avce.attentive_view, options.avce.inattentive_view
    calls = views.calls / steps
    return calls * sum(
        view_step_s(views.z, name, views.method.solver_of(name), longest_s=budget_s / 6) for name in names
    )


def machine(device: torch.device) -> Machine:
    """Where this process runs."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else psutil.getloadavg()[0]
    return Machine(
        host=socket.gethostname(),
        cores=os.cpu_count() or 1,
        threads=torch.get_num_threads(),
        device=torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        load=round(load, 2),
    )


def peak_mb() -> float:
    """Largest resident memory of this process so far; where the system does not tell, that of now."""
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):  # not ru_maxrss: a child inherits its parent's
                return int(line.split()[1]) * 1024 / 1e6
    return float(psutil.Process().memory_info().rss / 1e6)


def _gpu_mb(device: torch.device) -> float | None:
    return torch.cuda.max_memory_allocated(device) / 1e6 if device.type == "cuda" else None


def _say(**line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


@contextmanager
def _noise(asked: dict[str, Any], options: TrainOptions) -> Iterator[Prepared]:
    with tempfile.TemporaryDirectory(prefix="avce-cost-") as folder:
        yield noise_faces(
            Path(folder), n=min(4 * options.batch_size, 512) + 2, n_val=EVAL_BATCH, side=asked["crop_side"]
        )


def main() -> None:
    """Read what to measure, measure, tell."""
    asked = json.load(sys.stdin)
    # a caller that was killed cannot end this process, so it ends by itself
    watch = threading.Timer(asked["most_s"] + 5, os._exit, args=(3,))
    watch.daemon = True
    watch.start()
    try:
        for file in asked["views"]:
            load_views(file)
        options, folder = TrainOptions.parse(asked["options"]), asked["data"]
        opened = nullcontext(Prepared.load(folder)) if folder else _noise(asked, options)
        with opened as data:
            measured = micro_run(
                options,
                data,
                source="prepared" if folder else "drawn",
                budget_s=asked["budget_s"],
                told=lambda step: _say(step=step),
            )
        _say(measured=measured.model_dump())
    except AvceError as error:
        _say(error=str(error))


if __name__ == "__main__":
    main()
