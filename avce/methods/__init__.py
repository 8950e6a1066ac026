"""Methods: a module with ``build(options)`` for each name in :class:`avce.options.Method`, imported when asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from avce.memory import keep_freed_memory
from avce.methods.base import Method
from avce.options import TrainOptions


def build_method(options: TrainOptions) -> Method:
    """Networks of a run, initialised from torch's random numbers.

    Raises:
        OptionError: Options that do not fit each other.
    """
    keep_freed_memory()
    build: Callable[[TrainOptions], Method] = import_module(f"avce.methods.{options.method.value}").build
    return build(options)
