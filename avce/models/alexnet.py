"""AlexNet's convolutions, with torchvision's names, so that its public weights load."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from avce.models.base import Encoder
from avce.options import TrainOptions

_GRID = 6


class AlexNet(Encoder):
    """Krizhevsky 2014 ("one weird trick") as in torchvision, without its classifier; 2.5 million weights.

    The feature is the flattened 256 × 6 × 6 map (9216 numbers), which the poster's regressor reads. Inputs other
    than 224 px are brought to 6 × 6 by average pooling, as torchvision does.

    After the first two convolutions the largest number is taken before its ReLU, which gives the same values and
    gradients as the other order, on a quarter of the numbers.
    """

    min_input_px = 63
    out_features = 256 * _GRID * _GRID

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, kernel_size=11, stride=4, padding=2),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.ReLU(inplace=True),
            nn.Conv2d(64, 192, kernel_size=5, padding=2),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.ReLU(inplace=True),
            nn.Conv2d(192, 384, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, 256, kernel_size=3, padding=1),
            nn.ReLU(),  # not in place: the map layer below is its input's owner
            nn.MaxPool2d(kernel_size=3, stride=2),
        )

    def forward_features(self, images: Tensor) -> Tensor:
        """Map after the last pooling, ``(B, 256, 6, 6)`` at 224 px."""
        features: Tensor = self.features(images)
        return features

    @property
    def map_layer(self) -> nn.Module:
        """Activation of the last convolution (13 × 13 at 224 px), before pooling."""
        return self.features[11]

    def pool(self, features: Tensor) -> Tensor:
        """Flattened 6 × 6 map."""
        if features.shape[2:] != (_GRID, _GRID):
            features = F.adaptive_avg_pool2d(features, _GRID)
        if features.requires_grad:
            features.register_hook(_channels_last)  # type: ignore[no-untyped-call]
        return features.flatten(1)


def _channels_last(gradient: Tensor) -> Tensor:
    """Lay the flattened feature's gradient out as the map is; the pooling would copy its whole input twice instead."""
    return gradient.contiguous(memory_format=torch.channels_last)


def build(options: TrainOptions) -> Encoder:
    """Entry of the table of encoders."""
    del options
    return AlexNet()
