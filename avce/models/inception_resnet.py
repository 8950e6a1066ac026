"""A Hasani-style Deep Inception-ResNet for faces, and its LSTM variant for clips.

Hasani & Mahoor (CVPRW 2017) give the idea: Inception-ResNet modules made smaller for faces, features of several
scales, valence and arousal estimated together. Their layer tables could not be read, so the following is ours: widths,
number of blocks (3 A, 3 B, 2 C), batch normalisation after every convolution, residual branches whose last
normalisation starts at zero, the mean over the picture of all three scales as the feature.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from avce.errors import ShapeError
from avce.models.base import Encoder, conv_bn
from avce.options import TrainOptions


def _unit(cin: int, cout: int, kernel: int | tuple[int, int] = 3, stride: int = 1) -> nn.Sequential:
    padding = kernel // 2 if isinstance(kernel, int) else (kernel[0] // 2, kernel[1] // 2)
    convolution = nn.Conv2d(cin, cout, kernel, stride, padding, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(cout), nn.ReLU())


class _Residual(nn.Module):
    """Branches side by side, joined by a 1 × 1 convolution and added to the input."""

    def __init__(self, channels: int, branches: list[nn.Sequential], joined: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)
        self.join = nn.Sequential(*conv_bn(joined, channels, 1))
        self.act = nn.ReLU()
        last = self.join[-1]
        if isinstance(last, nn.BatchNorm2d):
            nn.init.zeros_(last.weight)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.act(x + self.join(torch.cat([branch(x) for branch in self.branches], 1)))
        return y


def _block_a(c: int) -> _Residual:
    """1 × 1, 3 × 3 and twice 3 × 3."""
    w = c // 4
    two = nn.Sequential(_unit(c, w, 1), _unit(w, w))
    three = nn.Sequential(_unit(c, w, 1), _unit(w, w), _unit(w, w))
    return _Residual(c, [_unit(c, w, 1), two, three], 3 * w)


def _block_asymmetric(c: int, size: int) -> _Residual:
    """1 × 1, and 1 × size followed by size × 1 (blocks B and C)."""
    w = c // 4
    wide = nn.Sequential(_unit(c, w, 1), _unit(w, w, (1, size)), _unit(w, w, (size, 1)))
    return _Residual(c, [_unit(c, w, 1), wide], 2 * w)


class _Reduction(nn.Module):
    """Half the size, twice the channels: strided 3 × 3 beside max pooling."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv = _unit(c, c, 3, 2)
        self.pool = nn.MaxPool2d(3, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.conv(x), self.pool(x)], 1)


class InceptionResNet(Encoder):
    """Stem, 3 × A, reduction, 3 × B, reduction, 2 × C; about .66 million weights at width 72.

    Args:
        width: Channels of the A blocks, a multiple of 4; B has twice, C four times as many.
    """

    min_input_px = 32

    def __init__(self, width: int = 72) -> None:
        super().__init__()
        self.stem = nn.Sequential(_unit(3, width // 2, 3, 2), _unit(width // 2, width, 3, 2))
        self.scale_a = nn.Sequential(*(_block_a(width) for _ in range(3)))
        self.scale_b = nn.Sequential(_Reduction(width), *(_block_asymmetric(2 * width, 7) for _ in range(3)))
        self.scale_c = nn.Sequential(
            _Reduction(2 * width), *(_block_asymmetric(4 * width, 3) for _ in range(2))
        )
        self.out_features = 7 * width

    def forward_features(self, images: Tensor) -> Tensor:
        """Map of the last block, at a sixteenth of the input's side."""
        features: Tensor = self.scale_c(self.scale_b(self.scale_a(self.stem(images))))
        return features

    @property
    def map_layer(self) -> nn.Module:
        """The last block."""
        return self.scale_c[-1]

    def forward(self, images: Tensor) -> Tensor:
        """Means over the picture of all three scales, side by side."""
        self.check(images)
        a = self.scale_a(self.stem(images))
        b = self.scale_b(a)
        c = self.scale_c(b)
        return torch.cat([scale.mean(dim=(2, 3)) for scale in (a, b, c)], 1)


def build(options: TrainOptions) -> Encoder:
    """Entry of the table of encoders: Hasani-style's net under any method."""
    del options
    return InceptionResNet()


class InceptionResNetLstm(nn.Module):
    """The variant for clips: features of each frame, an LSTM over time, valence and arousal at every frame.

    Args:
        encoder: Frame to feature; its weights may come from training on stills.
        hidden: Size of the LSTM's state (our choice).
    """

    def __init__(self, encoder: InceptionResNet, hidden: int = 128) -> None:
        super().__init__()
        self.encoder = encoder
        self.lstm = nn.LSTM(encoder.out_features, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 2)

    def forward(self, clips: Tensor) -> Tensor:
        """Clips ``(B, T, 3, H, W)`` to ``(B, T, 2)``.

        Raises:
            ShapeError: Not a batch of clips.
        """
        if clips.ndim != 5:
            raise ShapeError(f"clips: expected shape (B, T, 3, H, W), got {tuple(clips.shape)}")
        features = self.encoder(clips.flatten(0, 1)).unflatten(0, clips.shape[:2])
        values: Tensor = self.out(self.lstm(features)[0])
        return values
