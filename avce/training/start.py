"""Where a run starts: fresh networks, ImageNet's weights, a file of an encoder's, or those of another checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from avce.errors import CheckpointError
from avce.methods import build_method
from avce.methods.authors import import_encoder
from avce.methods.base import Method
from avce.models.weights import WeightsReport, load_matching
from avce.options import TrainOptions
from avce.training.checkpoint import load_predictor
from avce.training.folder import read_card


def is_file_of_weights(start: str) -> bool:
    """Whether a value of ``pretrained`` is a file of tensors."""
    return Path(start).is_file()


def crop_recipe(start: str) -> dict[str, Any]:
    """How the faces were cut that weights at a start have seen; ``{}`` where no card tells."""
    if start in {"none", "imagenet"} or is_file_of_weights(start):
        return {}
    return dict(read_card(start).get("crop", {}))


def start_method(options: TrainOptions) -> tuple[Method, WeightsReport | None]:
    """The networks at their start.

    Args:
        options: ``pretrained`` says where from. Of a checkpoint every tensor is taken that fits by name and shape: the
            encoder always, R, H and the regulariser's head where method and ``feature_dim`` are the same. A file fills
            the encoder alone, see :func:`avce.methods.authors.import_encoder`.

    Returns:
        The networks, and what of the weights matched; ``None`` for fresh ones.

    Raises:
        CheckpointError: The weights cannot be read, or are those of another encoder.
    """
    start = options.pretrained
    method = build_method(options)
    if start == "none":
        return method, None
    if start == "imagenet":
        return method, method.encoder.load_imagenet()
    if is_file_of_weights(start):
        return method, import_encoder(method.encoder, Path(start))
    source = load_predictor(start)
    have = source.method.state_dict()
    encoder = {key: value for key, value in method.state_dict().items() if key.startswith("encoder.")}
    left = [key for key, value in encoder.items() if key not in have or have[key].shape != value.shape]
    if left:
        # Heads alone would fit nearly every run: they say nothing about features of another encoder.
        raise CheckpointError(
            f"pretrained: expected a checkpoint whose encoder fits {_made_of(options)}, got {start} with"
            f" {_made_of(source.options)} ({len(left)} of {len(encoder)} tensors of the encoder do not fit); choose"
            f" backbone {source.options.backbone.value} and a method that uses it, or another start"
        )
    return method, load_matching(method, have, source=Path(start).name)


def _made_of(options: TrainOptions) -> str:
    return f"{options.method.value} on {options.backbone.value}"
