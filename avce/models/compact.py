"""A small residual net made for training from scratch on a CPU: the quick recipe.

Faces arrive as crops, so where something is in the picture says what it is. The last map is therefore read as
it lies (like AlexNet's 6 x 6 grid), after its channels were folded, and not averaged over the picture: in our
trials on rendered faces that is what lets so small a net read mouth and brows.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from avce.models.base import Encoder, conv_bn
from avce.options import TrainOptions

WIDTH = 24
FOLDED_CHANNELS = 48
GRID = 6
FEATURE_DROPOUT = 0.3


class _Block(nn.Module):
    """Two 3 x 3 convolutions and a shortcut; the second BN starts at zero, so a new block is its shortcut."""

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
    """Stem, four residual blocks, folded channels read on a 6 x 6 grid; about .7 million weights at width 24.

    Args:
        width: Channels of the stem; the blocks have width × (2, 4, 4, 6).
    """

    min_input_px = 32

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        widths = (width, 2 * width, 4 * width, 4 * width, 6 * width)
        self.stem = nn.Sequential(*conv_bn(3, width, 5, stride=2), nn.SiLU())
        strides = (2, 2, 1, 2)
        self.blocks = nn.Sequential(
            *(_Block(cin, cout, s) for cin, cout, s in zip(widths[:-1], widths[1:], strides, strict=True))
        )
        self.fold = nn.Sequential(*conv_bn(widths[-1], FOLDED_CHANNELS, 1), nn.SiLU())
        self.dropout = nn.Dropout(FEATURE_DROPOUT)
        self.out_features = FOLDED_CHANNELS * GRID * GRID

    def forward_features(self, images: Tensor) -> Tensor:
        """Last map, at a sixteenth of the input's side."""
        features: Tensor = self.fold(self.blocks(self.stem(images)))
        return features

    def pool(self, features: Tensor) -> Tensor:
        """The map on a 6 x 6 grid, flattened."""
        if features.shape[-2:] != (GRID, GRID):
            features = F.adaptive_avg_pool2d(features, GRID)
        flat: Tensor = self.dropout(features.flatten(1))
        return flat

    @property
    def map_layer(self) -> nn.Module:
        """The folded map."""
        return self.fold


def build(options: TrainOptions) -> Encoder:
    """Entry of the table of encoders."""
    del options
    return Compact()
