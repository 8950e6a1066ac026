"""The same net as AVCE without the contrast: the ablation that tells what the contrast adds."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from avce.methods.base import Engine, Method, TrainBatch, as_floats, main_optimizer
from avce.models.encoders import build_encoder
from avce.models.heads import Bottleneck, Regressor
from avce.objectives.agreement import agreement
from avce.options import Backbone, TrainOptions


class Supervised(Method):
    """Encoder → bottleneck z → R, trained on the labels alone."""

    def __init__(self, options: TrainOptions) -> None:
        super().__init__(options)
        encoder = build_encoder(options.backbone, options=options)
        self.encoder = encoder
        self._map_layer = (encoder.map_layer,)  # in a tuple, so that its weights are not registered twice
        self.bottleneck = Bottleneck(encoder.out_features, options.feature_dim, options.bottleneck_norm)
        self.R = Regressor(
            options.feature_dim,
            options.dropout,
            dropout_at_test=options.avce.dropout_at_test and options.backbone is Backbone.RESNET18,
        )

    def feature(self, images: Tensor) -> Tensor:
        """The bottleneck feature z >= 0, ``(B, d)``."""
        z: Tensor = self.bottleneck(self.encoder(images))
        return z

    def forward(self, images: Tensor) -> Tensor:
        """Prediction x = R(z)."""
        x: Tensor = self.R(self.feature(images))
        return x

    @property
    def map_layer(self) -> nn.Module:
        """The encoder's last convolutional map."""
        return self._map_layer[0]

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """One, for everything."""
        return {"main": main_optimizer(self.predicting_parameters(), self.options)}

    def predicting_parameters(self) -> list[nn.Parameter]:
        """Weights of encoder, bottleneck and R."""
        return [*self.encoder.parameters(), *self.bottleneck.parameters(), *self.R.parameters()]

    def training_step(self, batch: TrainBatch, engine: Engine) -> dict[str, float]:
        """One step on MSE + PCC + CCC."""
        loss, parts = agreement(self(batch.images), batch.targets, batch.weights, self.options)
        engine.update(loss, "main")
        return as_floats({"loss": loss, **parts})


def build(options: TrainOptions) -> Method:
    """Entry of the table of methods."""
    return Supervised(options)
