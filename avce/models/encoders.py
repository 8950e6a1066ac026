"""The table of encoders. A new one is a module with ``build(options)`` and one line here."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from avce.errors import OptionError
from avce.models.base import Encoder
from avce.options import Backbone, TrainOptions

ENCODERS: dict[Backbone, str] = {
    Backbone.ALEXNET: "avce.models.alexnet",
    Backbone.RESNET18: "avce.models.resnet18",
    Backbone.EFFICIENTNET_LITE0: "avce.models.efficientnet",
    Backbone.COMPACT: "avce.models.compact",
    Backbone.INCEPTION_RESNET: "avce.models.inception_resnet",
    Backbone.TINY: "avce.models.tiny",
}
"""Module of each encoder, imported when asked for."""


def build_encoder(backbone: Backbone, *, options: TrainOptions) -> Encoder:
    """A fresh encoder, initialised from torch's random numbers or from ``options.pretrained``.

    Raises:
        OptionError: ``options.input_size`` is below what the encoder can take.
    """
    build: Callable[[TrainOptions], Encoder] = import_module(ENCODERS[backbone]).build
    encoder = build(options)
    if options.input_size < encoder.min_input_px:
        raise OptionError(
            f"input_size: {backbone.value} needs at least {encoder.min_input_px} px, got {options.input_size};"
            " raise input_size or choose another backbone"
        )
    return encoder
