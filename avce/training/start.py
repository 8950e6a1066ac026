"""Where a run starts: fresh networks, ImageNet's weights, or those of another checkpoint."""

from __future__ import annotations

from pathlib import Path

from avce.errors import CheckpointError
from avce.methods import build_method
from avce.methods.base import Method
from avce.models.weights import WeightsReport, load_matching
from avce.options import TrainOptions
from avce.training.checkpoint import load_predictor

WITHOUT_CHECKPOINT = frozenset({"none", "imagenet"})
"""Values of ``pretrained`` that name no checkpoint."""


def start_method(options: TrainOptions) -> tuple[Method, WeightsReport | None]:
    """The networks at their start.

    Args:
        options: ``pretrained`` says where from. Of a checkpoint every tensor is taken that fits by name and shape: the
            encoder always, R, H and the regulariser's head where method and ``feature_dim`` are the same.

    Returns:
        The networks, and what of a checkpoint matched; ``None`` where there was none.

    Raises:
        CheckpointError: The checkpoint cannot be read, or its encoder is another one.
    """
    if options.pretrained in WITHOUT_CHECKPOINT:
        return build_method(options), None
    source = load_predictor(options.pretrained)
    method = build_method(options.model_copy(update={"pretrained": "none"}))
    have = source.method.state_dict()
    encoder = {key: value for key, value in method.state_dict().items() if key.startswith("encoder.")}
    left = [key for key, value in encoder.items() if key not in have or have[key].shape != value.shape]
    if left:
        # Heads alone would fit nearly every run: they say nothing about features of another encoder.
        raise CheckpointError(
            f"pretrained: expected a checkpoint whose encoder fits {_made_of(options)}, got {options.pretrained} with"
            f" {_made_of(source.options)} ({len(left)} of {len(encoder)} tensors of the encoder do not fit); choose"
            f" backbone {source.options.backbone.value} and a method that uses it, or another start"
        )
    return method, load_matching(method, have, source=Path(options.pretrained).name)


def _made_of(options: TrainOptions) -> str:
    return f"{options.method.value} on {options.backbone.value}"
