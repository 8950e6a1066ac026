"""``avce train --estimate``: measure a few steps, or remember them, and say what the whole run takes."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from pydantic import ValidationError

from avce.cli.console import ConsoleReporter, print_json
from avce.cli.data import cache_folder
from avce.errors import OptionError
from avce.options import PrepareOptions, Split, TrainOptions
from avce.progress import span
from avce.training.cost import Cost, Measured, cost_key, cost_of

if TYPE_CHECKING:
    from avce.data.prepared import Prepared

VAL_SHARE = 0.15
"""Of a data set that does not exist yet; the share that ``avce prepare`` takes by default."""


def estimate(
    options: TrainOptions, data: Prepared | None, samples: int | None, *, fresh: bool, as_json: bool
) -> None:
    """Print what a run with these options takes on this machine.

    Args:
        options: Of the run to come.
        data: What to train on; ``None`` measures on noise.
        samples: Size of the training split, where there are no data.
        fresh: Measure also where a measurement is kept.
        as_json: Print JSON.
    """
    if data is None and samples is None:
        raise OptionError(
            "--estimate: needs --data, or --samples N (size of the training split), got neither"
        )
    if data is None:
        n_train = int(samples or 0)
        n_val, side = round(n_train * VAL_SHARE), PrepareOptions().size
    else:
        n_train, n_val, side = len(data.rows(Split.TRAIN)), len(data.rows(Split.VAL)), data.size
    kept = _place(cost_key(options, side, n_train), "noise" if data is None else "crops")
    measured = None if fresh else _remembered(kept)
    is_kept = measured is not None
    if measured is None:
        from avce.training.estimate import measure

        with ConsoleReporter(quiet=as_json) as reporter:
            measured = measure(options, data.folder if data else None, reporter, crop_side=side)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(measured.model_dump_json(), "utf-8")
    cost = cost_of(measured, options, n_train, n_val, side)
    if as_json:
        print_json(_as_plain(measured, cost, n_train, n_val, is_kept=is_kept))
    else:
        click.echo(_as_text(measured, cost, options, n_train, n_val, is_kept=is_kept))


def _place(key: str, what: str) -> Path:
    """File of a measurement on this machine with its present setting of threads."""
    machine = f"{platform.node()}-{os.cpu_count()}-{os.environ.get('OMP_NUM_THREADS', 'all')}"
    return cache_folder() / "costs" / f"{key}-{what}-{machine}.json"


def _remembered(file: Path) -> Measured | None:
    try:
        return Measured.model_validate_json(file.read_text("utf-8"))
    except (OSError, ValidationError):  # not there, or of another version: it is measured anew
        return None


def _as_plain(measured: Measured, cost: Cost, n_train: int, n_val: int, *, is_kept: bool) -> dict[str, Any]:
    figures = asdict(cost) | {"solver_share": cost.solver_share}
    return {
        "n_train": n_train,
        "n_val": n_val,
        **figures,
        "remembered": is_kept,
        "measured": measured.model_dump(),
    }


def _as_text(
    measured: Measured, cost: Cost, options: TrainOptions, n_train: int, n_val: int, *, is_kept: bool
) -> str:
    machine, data = measured.machine, "noise of their shape" if measured.data == "drawn" else "the crops"
    solver = (
        f"{_short(cost.solver_s)} of it ({cost.solver_share:.1%}): both views by {measured.solver}, forward and backward"
        if measured.solver
        else "none: the method has no views"
    )
    graphics = f", {measured.gpu_mb:,.0f} MB on the GPU" if measured.gpu_mb else ""
    again = "; remembered, --fresh measures again" if is_kept else ""
    return "\n".join(
        (
            (
                f"step     {measured.step_s:.3g} s (half of them {measured.step_low_s:.3g} to {measured.step_high_s:.3g} s),"
                f" {measured.steps} measured, batch {measured.batch_size}"
            ),
            f"epoch    {_short(cost.epoch_s)}, the first {_short(cost.first_epoch_s)}: {n_train:,} to train, {n_val:,} to validate",
            (
                f"run      {span(cost.total_s)} ({span(cost.low_s)} to {span(cost.high_s)}) for {options.epochs} epochs,"
                f" {cost.steps:,} steps"
            ),
            f"solver   {solver}",
            f"memory   {cost.memory_mb:,.0f} MB{graphics}",
            (
                f"measured on {data}, {machine.host}, {machine.threads} of {machine.cores} cores, {machine.device},"
                f" load {machine.load:g}, {measured.at}{again}"
            ),
        )
    )


def _short(seconds: float) -> str:
    return span(seconds) if seconds >= 10 else f"{seconds:.2g} s"
