"""The optimiser side of a training step: device, precision, clipping, learning rates, averaged weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from avce.methods.base import Method
from avce.options import TrainOptions
from avce.training.schedule import learning_rate_factor
from avce.training.state import below, named, pack_optimizer, unpack_optimizer


class Engine:
    """What a method's ``training_step`` calls to move its weights.

    Args:
        method: The networks; moved to the device that accelerate picks.
        options: Options of the run.
        total_steps: Iterations of the whole run, for the schedule.
    """

    def __init__(self, method: Method, options: TrainOptions, total_steps: int) -> None:
        self.accelerator = Accelerator(
            cpu=not torch.cuda.is_available(), mixed_precision=options.mixed_precision
        )
        self.method = method.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.options = options
        self.total_steps = total_steps
        self.step = 0
        self.optimizers = {name: self.accelerator.prepare(o) for name, o in method.optimizers().items()}
        self._peak = {
            name: [float(group["lr"]) for group in optimizer.param_groups]
            for name, optimizer in self.optimizers.items()
        }
        self.average = WeightAverage(method, options.ema_decay) if options.ema_decay else None

    @property
    def device(self) -> torch.device:
        """Where the weights live."""
        return torch.device(self.accelerator.device)

    def begin_step(self) -> None:
        """Set the learning rates of this iteration."""
        factor = learning_rate_factor(self.options.schedule, self.step, self.total_steps)
        for name, optimizer in self.optimizers.items():
            for group, peak in zip(optimizer.param_groups, self._peak[name], strict=True):
                group["lr"] = peak * factor

    def update(self, loss: Tensor, *names: str) -> None:
        """One step of the named optimisers (default: all) down the gradient of ``loss``."""
        chosen = [self.optimizers[name] for name in names or self.optimizers]
        for optimizer in self.optimizers.values():
            optimizer.zero_grad(set_to_none=True)
        self.accelerator.backward(loss)
        if self.accelerator.num_processes > 1:
            self._average_gradients(chosen)
        if self.options.grad_clip:
            moved = [p for optimizer in chosen for group in optimizer.param_groups for p in group["params"]]
            self.accelerator.clip_grad_norm_(moved, self.options.grad_clip)
        for optimizer in chosen:
            optimizer.step()

    def _average_gradients(self, optimizers: list[Any]) -> None:
        """Mean over the processes, as one message; a weight without a gradient here may have one elsewhere."""
        moved = [p for optimizer in optimizers for group in optimizer.param_groups for p in group["params"]]
        flat = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in moved])
        flat = self.accelerator.reduce(flat, "mean")
        for p, mean in zip(moved, flat.split([p.numel() for p in moved]), strict=True):
            p.grad = mean.view_as(p)

    def agree_on_buffers(self) -> None:
        """Running statistics differ between processes, which saw different pictures: take their mean."""
        if self.accelerator.num_processes > 1:
            for buffer in self.method.buffers():
                if buffer.is_floating_point():
                    buffer.copy_(self.accelerator.reduce(buffer, "mean"))

    def wait(self) -> None:
        """Until all processes are here."""
        self.accelerator.wait_for_everyone()

    def end_step(self) -> None:
        """Count the iteration and move the averaged weights."""
        self.step += 1
        if self.average is not None:
            self.average.update(self.method, self.step)

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Everything a resumed run needs, as named tensors and plain values."""
        tensors = named("model.", self.method.state_dict())
        plain: dict[str, Any] = {"step": self.step, "optimizers": {}}
        if self.average is not None:
            tensors |= named("average.", self.average.weights)
        for name, optimizer in self.optimizers.items():
            packed, plain["optimizers"][name] = pack_optimizer(optimizer)
            tensors |= named(f"optimizer.{name}.", packed)
        return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}, plain

    def load_state(self, tensors: Mapping[str, Tensor], plain: Mapping[str, Any]) -> None:
        """Go back to what :meth:`state` gave."""
        self.method.load_state_dict(below("model.", tensors))
        if self.average is not None:
            self.average.weights = {k: v.to(self.device) for k, v in below("average.", tensors).items()}
        for name, optimizer in self.optimizers.items():
            unpack_optimizer(optimizer, below(f"optimizer.{name}.", tensors), plain["optimizers"][name])
        self.step = int(plain["step"])


class WeightAverage:
    """Exponential moving average of weights and buffers, with a warm-up so that early weights fade fast."""

    def __init__(self, method: nn.Module, decay: float) -> None:
        self.decay = decay
        self.weights = {name: value.detach().clone() for name, value in method.state_dict().items()}

    @torch.no_grad()
    def update(self, method: nn.Module, step: int) -> None:
        """Move the average towards the current weights after iteration ``step`` (counted from 1)."""
        share = 1 - min(self.decay, (1 + step) / (10 + step))
        for name, value in method.state_dict().items():
            if value.is_floating_point():
                self.weights[name].lerp_(value, share)
            else:
                self.weights[name].copy_(value)
