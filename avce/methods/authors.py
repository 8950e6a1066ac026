"""Import of the authors' own weights: one ``.t7`` file for the encoder, one for the regressor."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from avce.methods.supervised import Supervised
from avce.models.weights import WeightsReport, load_in_order, load_matching, read_state


def import_authors_weights(
    method: Supervised, encoder: Path, regressor: Path
) -> tuple[WeightsReport, WeightsReport]:
    """Fill encoder and R of an AVCE (or supervised) net with AlexNet or ResNet18.

    Names decide for the encoder where they are torchvision's, otherwise order and shape do. The regressor's linear
    layers (9216→32→256→2; for ResNet18 512→1000→32→256→2, whose first is torchvision's ``fc`` and may lie in either
    file) are taken in order. No code from the files is run.

    Args:
        method: Built with the same backbone, ``feature_dim=32``.
        encoder: ``.t7`` file of the encoder.
        regressor: ``.t7`` file of the regressor.

    Returns:
        What matched in each file.

    Raises:
        CheckpointError: A file that cannot be read, or whose tensors do not fit.
    """
    state = read_state(encoder)
    known = set(state) & set(method.encoder.state_dict())
    load = load_matching if known else load_in_order
    first = load(method.encoder, state, source=encoder.name)
    layers = [method.bottleneck, method.R]
    if any(name.startswith("fc.") for name in first.missing):
        layers.insert(0, method.encoder.get_submodule("fc"))
    return first, load_in_order(nn.ModuleList(layers), read_state(regressor), source=regressor.name)
