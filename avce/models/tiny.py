"""The smallest encoder that still learns; for tests and smoke runs."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from avce.models.base import Encoder, conv_bn
from avce.options import TrainOptions


class Tiny(Encoder):
    """Three strided convolutions, about 12 thousand weights."""

    min_input_px = 16

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 12, 24, 40)
        layers: list[nn.Module] = []
        for cin, cout in pairwise(widths):
            layers += [*conv_bn(cin, cout, stride=2), nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        self.out_features = widths[-1]

    def forward_features(self, images: Tensor) -> Tensor:
        """Last map, at an eighth of the input's side."""
        features: Tensor = self.layers(images)
        return features

    @property
    def map_layer(self) -> nn.Module:
        """The last activation."""
        return self.layers[-1]


def build(options: TrainOptions) -> Encoder:
    """Entry of the table of encoders."""
    del options
    return Tiny()
