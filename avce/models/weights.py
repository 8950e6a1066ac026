"""Public weights into our networks, with a report of what matched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from avce.errors import CheckpointError


@dataclass(frozen=True)
class WeightsReport:
    """Which tensors of a file went where.

    Attributes:
        source: Name of the file.
        loaded: Names that matched in name and shape, and were loaded.
        reshaped: Names that matched but had another shape; not loaded.
        unused: Names in the file that the network lacks.
        missing: Names of the network that the file lacks; they keep their initial values.
    """

    source: str
    loaded: tuple[str, ...]
    reshaped: tuple[str, ...]
    unused: tuple[str, ...]
    missing: tuple[str, ...]

    def __str__(self) -> str:
        counts = f"{self.source}: {len(self.loaded)} tensors loaded"
        for label in ("reshaped", "unused", "missing"):
            names: tuple[str, ...] = getattr(self, label)
            if names:
                more = ", …" if len(names) > 4 else ""
                counts += f"; {len(names)} {label} ({', '.join(names[:4])}{more})"
        return counts


def load_matching(module: nn.Module, state: Mapping[str, Any], *, source: str = "weights") -> WeightsReport:
    """Load every tensor whose name and shape fit, and say what did not.

    Args:
        module: Network to fill.
        state: Names and tensors; a leading ``module.`` (data parallel) is taken off.
        source: Name for the report and for errors.

    Raises:
        CheckpointError: Nothing at all matches; the text lists what was expected and what came.
    """
    given = {
        name.removeprefix("module."): value for name, value in state.items() if isinstance(value, Tensor)
    }
    own = module.state_dict()
    fits = {name: given[name] for name in own if name in given and given[name].shape == own[name].shape}
    if not fits:
        raise CheckpointError(
            f"{source}: no tensor fits {type(module).__name__}; expected names such as {_some(own)}, got {_some(given)}"
        )
    module.load_state_dict(fits, strict=False)
    return WeightsReport(
        source,
        loaded=tuple(fits),
        reshaped=tuple(name for name in own if name in given and name not in fits),
        unused=tuple(name for name in given if name not in own),
        missing=tuple(name for name in own if name not in given),
    )


def load_in_order(
    module: nn.Module, state: Mapping[str, Tensor], *, source: str = "weights"
) -> WeightsReport:
    """Load tensors by their order and shape, whatever their names; for files whose names are not ours.

    Each tensor of the network takes the next one of the file that has its shape; all must find one.

    Args:
        module: Network to fill.
        state: Tensors in the order of the layers.
        source: Name for the report and for errors.

    Raises:
        CheckpointError: A tensor of the network finds none; the text names it, its shape, and what came.
    """
    rest, chosen, skipped = iter(state.items()), {}, []
    for name, own in module.state_dict().items():
        for found, value in rest:
            if value.shape == own.shape:
                chosen[name] = value
                break
            skipped.append(found)
        else:
            came = ", ".join(f"{key} {tuple(value.shape)}" for key, value in list(state.items())[:6])
            raise CheckpointError(
                f"{source}: nothing fits {name} {tuple(own.shape)} of {type(module).__name__}; the file holds {came}"
            )
    module.load_state_dict(chosen)
    unused = (*skipped, *(found for found, _ in rest))
    return WeightsReport(source, loaded=tuple(chosen), reshaped=(), unused=unused, missing=())


def read_state(path: Path) -> dict[str, Tensor]:
    """Tensors of a ``.pt``/``.pth``/``.t7`` file written by ``torch.save``, without running code from it.

    The authors' ``.t7`` files are such files. A file that holds ``{"state_dict": …}`` or ``{"net": …}`` is unwrapped.

    Raises:
        CheckpointError: Not such a file, or one that needs code to load.
    """
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises pickle, zip, runtime and OS errors for damaged files
        raise CheckpointError(
            f"{path}: expected tensors written by torch.save, readable without running code: {error}"
        ) from error
    for key in ("state_dict", "net", "model"):
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
    tensors = (
        {str(name): value for name, value in found.items() if isinstance(value, Tensor)}
        if isinstance(found, dict)
        else {}
    )
    if not tensors:
        raise CheckpointError(
            f"{path}: expected a dictionary of tensors, got {type(found).__name__} without any"
        )
    return tensors


def _some(state: Mapping[str, Any]) -> str:
    return ", ".join(list(state)[:3]) or "none"
