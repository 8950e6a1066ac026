"""The Hasani-style net for clips (CVPRW 2017): features of each frame, an LSTM over time, squared error at every frame.

The network is :class:`avce.models.inception_resnet.InceptionResNetLstm`. It learns from clips of ``clip_length`` frames and
judges a frame by it and the ``clip_length - 1`` before, never by later ones; the first frames of a sequence have less behind
them, as the first frames of a clip had in training. A still is a clip of one frame.

Ours: what the abstract does not say, namely the length of clips, the size of the LSTM's state, and all that
:mod:`avce.methods.hasani` names.
"""

from __future__ import annotations

from torch import Tensor, nn

from avce.methods.base import Engine, Method, TrainBatch, as_floats
from avce.methods.clips import ClipMethod
from avce.methods.hasani import encoder_for
from avce.models.inception_resnet import InceptionResNetLstm
from avce.objectives.agreement import mse
from avce.options import Backbone, TrainOptions

HIDDEN, TINY_HIDDEN = 128, 16


class HasaniLstm(ClipMethod):
    """Inception-ResNet, LSTM, one linear layer."""

    def __init__(self, options: TrainOptions) -> None:
        super().__init__(options)
        encoder = encoder_for(options)
        net = InceptionResNetLstm(encoder, TINY_HIDDEN if options.backbone is Backbone.TINY else HIDDEN)
        self.encoder = encoder
        self.lstm, self.out = net.lstm, nn.Sequential(nn.Dropout(options.dropout), net.out)
        self._map_layer = (encoder.map_layer,)  # in a tuple, so that its weights are not registered twice

    def over_time(self, features: Tensor) -> Tensor:
        """Features ``(B, T, F)`` to valence and arousal at every frame, ``(B, T, 2)``."""
        values: Tensor = self.out(self.lstm(features)[0])
        return values

    @property
    def map_layer(self) -> nn.Module:
        """The last block of the encoder."""
        return self._map_layer[0]

    def training_step(self, batch: TrainBatch, engine: Engine) -> dict[str, float]:
        """One step on MSE_v + MSE_a over all frames of all clips."""
        features = self.encoder(batch.images).unflatten(0, (-1, self.clip_length))
        values = self.over_time(features).flatten(0, 1)
        loss = mse(values.float(), batch.targets.float(), batch.weights).sum()
        engine.update(loss, "main")
        return as_floats({"loss": loss, "mse": loss})


def build(options: TrainOptions) -> Method:
    """Entry of the table of methods."""
    return HasaniLstm(options)
