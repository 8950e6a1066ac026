"""A net whose weights are set by hand, so that its maps can be worked out on paper."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from avce.methods.base import Method
from avce.options import Head, TrainOptions, train_options
from avce.training.checkpoint import Predictor

SIDE = 64
WEIGHTS = {
    Head.R: [[1.0, 0.0, 0.0], [0.0, 2.0, -1.0]],
    Head.H: [[0.0, 0.0, 3.0], [1.0, 1.0, 1.0]],
    Head.H_N: [[0.0, 1.0, 0.5], [2.0, 0.0, -1.0]],
}
"""Per head: valence and arousal as weights of the means of the red, green and blue channel."""


class ByHand(Method):
    """A 1 × 1 convolution that passes colours through, the mean over the picture, one linear map per head."""

    def __init__(self, options: TrainOptions) -> None:
        super().__init__(options)
        self.encoder = nn.Conv2d(3, 3, 1, bias=False)
        self.encoder.weight.data = torch.eye(3)[:, :, None, None]
        self.after = nn.ReLU(inplace=True)
        self.fails = False

    def forward(self, images: Tensor) -> Tensor:
        return self.head_output(images, Head.R)

    def head_output(self, images: Tensor, head: Head) -> Tensor:
        shown = self.encoder(images) + 0
        if self.fails:
            raise RuntimeError("on purpose")
        return shown.mean(dim=(2, 3)) @ torch.tensor(WEIGHTS[head]).T

    @property
    def map_layer(self) -> nn.Module:
        return self.encoder

    def optimizers(self):
        return {}

    def training_step(self, batch, engine):
        return {}


def predictor_by_hand() -> Predictor:
    options = train_options(input_size=SIDE, backbone="tiny")
    return Predictor(ByHand(options).eval(), options, {}, "by hand")


def faces(n: int = 3, side: int = SIDE, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, side, side, 3), np.uint8)
