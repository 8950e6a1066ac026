"""Hasani-style Deep Inception-ResNet (CVPRW 2017), the first baseline: regression by squared error alone.

The network is :class:`avce.models.inception_resnet.InceptionResNet`, whatever encoder the options name (``tiny`` makes
it narrow, for tests). Ours: everything the paper's abstract does not say, namely layers, input size, optimiser, dropout
before the output layer, and the squared error of both axes as the loss.
"""

from __future__ import annotations

from torch import Tensor, nn

from avce.methods.base import Engine, Method, TrainBatch, as_floats
from avce.models.inception_resnet import InceptionResNet
from avce.objectives.agreement import mse
from avce.options import Backbone, TrainOptions

WIDTH, TINY_WIDTH = 72, 8


def encoder_for(options: TrainOptions) -> InceptionResNet:
    """The net's own encoder, whatever ``backbone`` names; ``tiny`` makes it narrow."""
    return InceptionResNet(TINY_WIDTH if options.backbone is Backbone.TINY else WIDTH)


class Hasani(Method):
    """Inception-ResNet and one linear layer."""

    def __init__(self, options: TrainOptions) -> None:
        super().__init__(options)
        encoder = encoder_for(options)
        self.encoder = encoder
        self._map_layer = (encoder.map_layer,)  # in a tuple, so that its weights are not registered twice
        self.out = nn.Sequential(nn.Dropout(options.dropout), nn.Linear(encoder.out_features, 2))

    def forward(self, images: Tensor) -> Tensor:
        """Prediction, ``(B, 2)``."""
        x: Tensor = self.out(self.encoder(images))
        return x

    @property
    def map_layer(self) -> nn.Module:
        """The last block."""
        return self._map_layer[0]

    def training_step(self, batch: TrainBatch, engine: Engine) -> dict[str, float]:
        """One step on MSE_v + MSE_a."""
        loss = mse(self(batch.images).float(), batch.targets.float(), batch.weights).sum()
        engine.update(loss, "main")
        return as_floats({"loss": loss, "mse": loss})


def build(options: TrainOptions) -> Method:
    """Entry of the table of methods."""
    return Hasani(options)
