"""Optimisers' state as named tensors and plain values, which safetensors and JSON can keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor


def pack_optimizer(optimizer: Any) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """State as ``{"<parameter>.<slot>": value}``: tensors, and the values that are none.

    Learning rates are not in it: they are functions of the iteration.
    """
    tensors: dict[str, Tensor] = {}
    plain: dict[str, Any] = {}
    for index, slots in optimizer.state_dict()["state"].items():
        for slot, value in slots.items():
            (tensors if isinstance(value, Tensor) else plain)[f"{index}.{slot}"] = value
    return tensors, plain


def unpack_optimizer(optimizer: Any, tensors: Mapping[str, Tensor], plain: Mapping[str, Any]) -> None:
    """Give an optimiser back what :func:`pack_optimizer` took."""
    slots: dict[int, dict[str, Any]] = {}
    for key, value in (dict(tensors) | dict(plain)).items():
        index, slot = key.split(".", 1)
        slots.setdefault(int(index), {})[slot] = value
    optimizer.load_state_dict({"state": slots, "param_groups": optimizer.state_dict()["param_groups"]})


def named(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors with a prefix before their names."""
    return {f"{prefix}{name}": value for name, value in tensors.items()}


def below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Those whose names begin with the prefix, without it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
