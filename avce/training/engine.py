"""The optimiser side of a training step: device, precision, clipping, learning rates, averaged weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from accelerate.utils import reduce
from torch import Tensor, nn

from avce.methods.base import Method
from avce.options import TrainOptions
from avce.training.parallel import team
from avce.training.schedule import learning_rate_factor
from avce.training.state import below, named, pack_optimizer, unpack_optimizer


class Engine:
    """What a method's ``training_step`` calls to move its weights.

    Of accelerate it takes the team alone. Its optimisers would each update the scale of the loss, which is one for all of
    them, and its precision is that of the process, while a worker's next run may have another.

    Args:
        method: The networks; moved to the device that accelerate picks.
        options: Options of the run.
        total_steps: Iterations of the whole run, for the schedule.

    Attributes:
        half: What networks compute in; ``None``: full precision.
        scaler: Scales the loss in fp16, where small gradients would vanish; else ``None``.
    """

    def __init__(self, method: Method, options: TrainOptions, total_steps: int) -> None:
        self.team = team()
        self.half = _half(options.mixed_precision, self.device)
        self.scaler = torch.amp.GradScaler(self.device.type) if self.half is torch.float16 else None
        self.method = method.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.options = options
        self.total_steps = total_steps
        self.step = 0
        self.optimizers = method.optimizers()
        self._peak = {
            name: [float(group["lr"]) for group in optimizer.param_groups]
            for name, optimizer in self.optimizers.items()
        }
        self.average = WeightAverage(method, options.ema_decay) if options.ema_decay else None

    @property
    def device(self) -> torch.device:
        """Where the weights live."""
        return torch.device(self.team.device)

    def autocast(self) -> torch.autocast:
        """The precision of a step, as a context."""
        return torch.autocast(self.device.type, dtype=self.half, enabled=self.half is not None)

    def begin_step(self) -> None:
        """Set the learning rates of this iteration."""
        factor = learning_rate_factor(self.options.schedule, self.step, self.total_steps)
        for name, optimizer in self.optimizers.items():
            for group, peak in zip(optimizer.param_groups, self._peak[name], strict=True):
                group["lr"] = peak * factor

    def update(self, loss: Tensor, *names: str) -> None:
        """One step of the named optimisers (default: all) down the gradient of ``loss``.

        In fp16 each call is one step of the scaler too: the gradients of the named optimisers are brought back to their own
        scale before they are clipped, none of these optimisers steps where one gradient overflowed, and the scale moves once.
        """
        chosen = [self.optimizers[name] for name in names or self.optimizers]
        moved = [p for optimizer in chosen for group in optimizer.param_groups for p in group["params"]]
        for optimizer in self.optimizers.values():
            optimizer.zero_grad(set_to_none=True)
        (loss if self.scaler is None else self.scaler.scale(loss)).backward()  # type: ignore[no-untyped-call]
        if self.team.num_processes > 1:
            _average_gradients(moved)
        if self.scaler is not None:
            for optimizer in chosen:
                self.scaler.unscale_(optimizer)
        if self.options.grad_clip:
            nn.utils.clip_grad_norm_(moved, self.options.grad_clip)
        if self.scaler is None or _are_finite(moved):
            for optimizer in chosen:
                optimizer.step()
        if self.scaler is not None:
            self.scaler.update()

    def agree_on_buffers(self) -> None:
        """Running statistics differ between processes, which saw different pictures: take their mean."""
        if self.team.num_processes > 1:
            for buffer in self.method.buffers():
                if buffer.is_floating_point():
                    buffer.copy_(reduce(buffer, "mean"))

    def wait(self) -> None:
        """Until all processes are here."""
        self.team.wait_for_everyone()

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
        if self.scaler is not None:
            plain["scaler"] = self.scaler.state_dict()
        return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}, plain

    def load_state(self, tensors: Mapping[str, Tensor], plain: Mapping[str, Any]) -> None:
        """Go back to what :meth:`state` gave."""
        self.method.load_state_dict(below("model.", tensors))
        if self.average is not None:
            self.average.weights = {k: v.to(self.device) for k, v in below("average.", tensors).items()}
        for name, optimizer in self.optimizers.items():
            unpack_optimizer(optimizer, below(f"optimizer.{name}.", tensors), plain["optimizers"][name])
        if self.scaler is not None and "scaler" in plain:  # a run that began on a processor has none
            self.scaler.load_state_dict(plain["scaler"])
        self.step = int(plain["step"])


def _half(precision: str, device: torch.device) -> torch.dtype | None:
    """What networks compute in, ``None`` being full precision; fp16 is for GPUs, a processor is slower with it."""
    if precision == "fp16":
        return torch.float16 if device.type == "cuda" else None
    return torch.bfloat16 if precision == "bf16" else None


def _are_finite(parameters: list[nn.Parameter]) -> bool:
    """Whether no gradient overflowed; a gradient that did is still not finite when it has been clipped."""
    grads = [p.grad for p in parameters if p.grad is not None]
    return bool(nn.utils.get_total_norm(grads, torch.inf).isfinite())


def _average_gradients(parameters: list[nn.Parameter]) -> None:
    """Mean over the processes, as one message; a weight without a gradient here may have one elsewhere."""
    flat = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in parameters])
    flat = reduce(flat, "mean")
    for p, mean in zip(parameters, flat.split([p.numel() for p in parameters]), strict=True):
        p.grad = mean.view_as(p)


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
