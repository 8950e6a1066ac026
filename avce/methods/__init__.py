"""The table of methods. A new one is a module with ``build(options)`` and one line here."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from avce.memory import keep_freed_memory
from avce.methods.base import Method
from avce.options import Method as MethodName
from avce.options import TrainOptions

METHODS: dict[MethodName, str] = {
    MethodName.AVCE: "avce.methods.avce",
    MethodName.CAF: "avce.methods.caf",
    MethodName.HASANI: "avce.methods.hasani",
    MethodName.HASANI_LSTM: "avce.methods.hasani_lstm",
    MethodName.SUPERVISED: "avce.methods.supervised",
}
"""Module of each method, imported when asked for."""


def build_method(options: TrainOptions) -> Method:
    """Networks of a run, initialised from torch's random numbers.

    Raises:
        OptionError: Options that do not fit each other.
    """
    keep_freed_memory()
    build: Callable[[TrainOptions], Method] = import_module(METHODS[options.method]).build
    return build(options)
