"""Data parallel: several processes train one model, each on its share of every batch.

Started as processes by ``accelerate launch`` or ``torchrun``; one process alone is a team of one. The batch size is that of
the whole team. Gradients are averaged, so a loss that is a mean over samples is that of one process; PCC, CCC and
batch normalisation see a process's share only.
"""

from __future__ import annotations

import torch
from accelerate import PartialState

from avce.errors import OptionError
from avce.options import CLIP_METHODS, Method, TrainOptions


def team() -> PartialState:
    """Which process this is (``process_index``) and of how many (``num_processes``)."""
    return PartialState(cpu=not torch.cuda.is_available())


def check_parallel(options: TrainOptions, world: int) -> None:
    """Refuse what cannot be shared among ``world`` processes.

    Raises:
        OptionError: Batches too small for every process to have two samples, or a clip; or CAF, whose critic skips a batch
            without strong or weak emotions, so that shares would take different numbers of steps.
    """
    if world == 1:
        return
    if options.batch_size < 2 * world:
        raise OptionError(
            f"batch_size: {world} processes need at least {2 * world}, got {options.batch_size}"
        )
    if options.method in CLIP_METHODS and options.batch_size < world * options.clip_length:
        raise OptionError(
            f"batch_size: {world} processes need at least {world * options.clip_length}, a clip of {options.clip_length} frames"
            f" each, got {options.batch_size}"
        )
    if options.method is Method.CAF:
        raise OptionError("method: caf trains in one process only; start it without a launcher")
