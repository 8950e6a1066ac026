"""A small residual net made for training from scratch on a CPU: the quick recipe."""

from __future__ import annotations

from torch import Tensor, nn

from avce.models.base import Encoder, conv_bn
from avce.options import TrainOptions

WIDTH = 32


class _Block(nn.Module):
    """Two 3 x 3 convolutions and a shortcut; the second BN starts at zero, so a new block is the identity."""

    def __init__(self, cin: int, cout: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(*conv_bn(cin, cout, stride=stride), nn.SiLU(), *conv_bn(cout, cout))
        keeps_shape = stride == 1 and cin == cout
        pool: list[nn.Module] = [nn.AvgPool2d(2, ceil_mode=True)] if stride == 2 else []
        self.shortcut = nn.Identity() if keeps_shape else nn.Sequential(*pool, *conv_bn(cin, cout, 1))
        self.act = nn.SiLU()
        last = self.body[-1]
        if isinstance(last, nn.BatchNorm2d):
            nn.init.zeros_(last.weight)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.act(self.body(x) + self.shortcut(x))
        return y


class Compact(Encoder):
    """Stem and four stages of one residual block each, BN and SiLU; about 1.2 million weights at width 32.

    Args:
        width: Channels of the first stage; the stages have width × (1, 2, 4, 6).
    """

    min_input_px = 32

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        widths = (width, width, 2 * width, 4 * width, 6 * width)
        self.stem = nn.Sequential(*conv_bn(3, width, stride=2), nn.SiLU())
        strides = (1, 2, 2, 2)
        self.stages = nn.Sequential(
            *(_Block(cin, cout, s) for cin, cout, s in zip(widths[:-1], widths[1:], strides, strict=True))
        )
        self.out_features = widths[-1]

    def forward_features(self, images: Tensor) -> Tensor:
        """Last map, at a sixteenth of the input's side."""
        features: Tensor = self.stages(self.stem(images))
        return features

    @property
    def map_layer(self) -> nn.Module:
        """The last stage."""
        return self.stages[-1]


def build(options: TrainOptions) -> Encoder:
    """Entry of the table of encoders."""
    del options
    return Compact()
