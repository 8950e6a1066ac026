"""Weights of others: public encoders, and the authors' own, one ``.t7`` file for the encoder, one for the regressor."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from avce.methods.supervised import Supervised
from avce.models.base import Encoder
from avce.models.weights import WeightsReport, load_in_order, load_matching, read_state


def import_encoder(encoder: Encoder, path: Path) -> WeightsReport:
    """Fill an encoder from a file of tensors; no code from it is run.

    Names decide where they are ours (torchvision's, for AlexNet and ResNet18), otherwise order and shape do.

    Args:
        encoder: Any of :mod:`avce.models`.
        path: ``.pth``, ``.pt`` or ``.t7`` file written by ``torch.save``.

    Returns:
        What matched.

    Raises:
        CheckpointError: The file cannot be read, or its tensors do not fit.
    """
    state = read_state(path)
    load = load_matching if set(state) & set(encoder.state_dict()) else load_in_order
    return load(encoder, state, source=path.name)


def import_authors_weights(
    method: Supervised, encoder: Path, regressor: Path
) -> tuple[WeightsReport, WeightsReport]:
    """Fill encoder and R of an AVCE (or supervised) net with AlexNet or ResNet18.

    The regressor's linear layers (9216→32→256→2; for ResNet18 512→1000→32→256→2, whose first is torchvision's ``fc`` and
    may lie in either file) are taken in order. No code from the files is run.

    Args:
        method: Built with the same backbone, ``feature_dim=32``.
        encoder: As for :func:`import_encoder`.
        regressor: ``.t7`` file of the regressor.

    Returns:
        What matched in each file.

    Raises:
        CheckpointError: A file that cannot be read, or whose tensors do not fit.
    """
    first = import_encoder(method.encoder, encoder)
    layers = [method.bottleneck, method.R]
    if any(name.startswith("fc.") for name in first.missing):
        layers.insert(0, method.encoder.get_submodule("fc"))
    return first, load_in_order(nn.ModuleList(layers), read_state(regressor), source=regressor.name)
