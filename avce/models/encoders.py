"""Encoders: a module with ``build(options)`` for each name in :class:`avce.options.Backbone`, imported when asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from avce.errors import OptionError
from avce.models.base import Encoder
from avce.options import Backbone, TrainOptions


def build_encoder(backbone: Backbone, *, options: TrainOptions) -> Encoder:
    """A fresh encoder, initialised from torch's random numbers; :mod:`avce.training.start` knows other starts.

    Raises:
        OptionError: ``options.input_size`` is below what the encoder can take.
    """
    build: Callable[[TrainOptions], Encoder] = import_module(f"avce.models.{backbone.value}").build
    encoder = build(options)
    if options.input_size < encoder.min_input_px:
        raise OptionError(
            f"input_size: {backbone.value} needs at least {encoder.min_input_px} px, got {options.input_size};"
            " raise input_size or choose another backbone"
        )
    return encoder
