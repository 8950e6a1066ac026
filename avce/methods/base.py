"""A method = networks + training step + prediction; the training loop knows nothing else of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Protocol

import torch
from torch import Tensor, nn

from avce.errors import OptionError
from avce.models.base import Encoder
from avce.options import Head, TrainOptions


class TrainBatch(Protocol):
    """What a training step reads of a batch."""

    @property
    def images(self) -> Tensor:
        """Shape ``(B, 3, H, W)``, float32, normalised."""

    @property
    def targets(self) -> Tensor:
        """Valence and arousal, shape ``(B, 2)``."""

    @property
    def weights(self) -> Tensor:
        """Weight of each sample, shape ``(B,)``."""


class Engine(Protocol):
    """Moves weights; the training loop's side of a step."""

    def update(self, loss: Tensor, *names: str) -> None:
        """Gradients of ``loss`` from scratch, clipped; one step of the named optimisers (none named: all)."""


class Method(nn.Module, ABC):
    """Base of all methods.

    Args:
        options: The complete run.

    Attributes:
        encoder: Picture to feature.
    """

    encoder: Encoder
    done: float = 1.0
    """Share of the run that is behind, in [0, 1]; the training loop sets it before every step."""

    def __init__(self, options: TrainOptions) -> None:
        super().__init__()
        self.options = options

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """Valence and arousal, ``(B, 3, H, W) -> (B, 2)``; what prediction runs, and nothing more."""

    @abstractmethod
    def training_step(self, batch: TrainBatch, engine: Engine) -> dict[str, float]:
        """Compute losses, call ``engine.update`` once or more, return the losses by name."""

    @property
    @abstractmethod
    def map_layer(self) -> nn.Module:
        """Layer whose output activation maps are drawn from."""

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Fresh optimisers by name; ``"main"`` moves what predicts. Here it is the only one and moves everything."""
        return {"main": main_optimizer(self.parameters(), self.options)}

    def head_output(self, images: Tensor, head: Head) -> Tensor:
        """Output of a head, for activation maps, ``(B, 3, H, W) -> (B, 2)``.

        Raises:
            OptionError: This method has no such head.
        """
        if head is Head.R:
            result: Tensor = self(images)
            return result
        raise OptionError(f"head: method {self.options.method.value} has head R only, got {head.value}")


def main_optimizer(parameters: Iterable[nn.Parameter], options: TrainOptions) -> torch.optim.Optimizer:
    """Optimiser of encoder and R. Weight decay spares biases and normalisation (parameters with one axis)."""
    params = [p for p in parameters if p.requires_grad]
    groups = [
        {"params": [p for p in params if p.ndim > 1], "weight_decay": options.weight_decay},
        {"params": [p for p in params if p.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    if options.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=options.learning_rate, betas=options.betas)
    if options.optimizer == "adam":
        return torch.optim.Adam(groups, lr=options.learning_rate, betas=options.betas)
    return torch.optim.SGD(groups, lr=options.learning_rate, momentum=0.9)


def head_optimizer(parameters: Iterable[nn.Parameter], options: TrainOptions) -> torch.optim.Optimizer:
    """Optimiser of H and of the regulariser's head: Adam, or SGD with momentum .9 as in the authors' code.

    Their gradients carry the small weights of the contrast and the regulariser. Adam does not mind the scale; under SGD
    the heads stay near where they began (in our trial the angles to both views were still equal after training, and
    ‖v(Sp z) − v(Sm z)‖² was below .02), so that the contrast has nothing to say.
    """
    if options.head_optimizer == "adam":
        return torch.optim.Adam(list(parameters), lr=options.head_learning_rate, betas=options.betas)
    return torch.optim.SGD(list(parameters), lr=options.head_learning_rate, momentum=0.9)


def as_floats(losses: dict[str, Tensor]) -> dict[str, float]:
    """Plain numbers, read from the device in one go."""
    values = torch.stack([value.detach().float() for value in losses.values()]).tolist()
    return dict(zip(losses, values, strict=True))
