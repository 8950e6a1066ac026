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
    name = options.pretrained if options.pretrained == source.name else Path(options.pretrained).name
    wanted = f"{options.method.value} on {options.backbone.value}"
    theirs = f"{source.options.method.value} on {source.options.backbone.value}"
    report = load_matching(method, source.method.state_dict(), source=name)
    encoder = [key for key in method.state_dict() if key.startswith("encoder.")]
    left = set(encoder) - set(report.loaded)
    if left:
        # Heads alone would fit nearly every run: they say nothing about features of another encoder.
        raise CheckpointError(
            f"pretrained: expected a checkpoint whose encoder fits {wanted}, got {options.pretrained} with {theirs}"
            f" ({len(left)} of {len(encoder)} tensors of the encoder do not fit); choose backbone"
            f" {source.options.backbone.value}, or another start"
        )
    return method, report
