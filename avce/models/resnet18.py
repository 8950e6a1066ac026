"""ResNet18 with torchvision's names, so that its public weights load."""

from __future__ import annotations

from torch import Tensor, nn

from avce.models.base import Encoder
from avce.options import TrainOptions


class BasicBlock(nn.Module):
    """Two 3 × 3 convolutions and a shortcut (He et al. 2015)."""

    def __init__(self, cin: int, cout: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.downsample: nn.Module | None = None
        if stride != 1 or cin != cout:
            self.downsample = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

    def forward(self, x: Tensor) -> Tensor:
        """Same map, or half its size and more channels."""
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out: Tensor = self.relu(y + shortcut)
        return out


class ResNet18(Encoder):
    """ResNet18 with all of torchvision's layers: the feature is the 1000 numbers of ``fc``, as in the authors' code.

    (Their regressor is written 512→1000→32→256→2; its first layer is torchvision's own ``fc``.) 11.7 million weights.
    """

    min_input_px = 32
    out_features = 1000

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(BasicBlock(64, 64, 1), BasicBlock(64, 64, 1))
        self.layer2 = nn.Sequential(BasicBlock(64, 128, 2), BasicBlock(128, 128, 1))
        self.layer3 = nn.Sequential(BasicBlock(128, 256, 2), BasicBlock(256, 256, 1))
        self.layer4 = nn.Sequential(BasicBlock(256, 512, 2), BasicBlock(512, 512, 1))
        self.fc = nn.Linear(512, 1000)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward_features(self, images: Tensor) -> Tensor:
        """Map of the last block, ``(B, 512, 7, 7)`` at 224 px."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        features: Tensor = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return features

    @property
    def map_layer(self) -> nn.Module:
        """The last block."""
        return self.layer4[-1]

    def pool(self, features: Tensor) -> Tensor:
        """``fc`` of the mean over the picture."""
        vector: Tensor = self.fc(features.mean(dim=(2, 3)))
        return vector


def build(options: TrainOptions) -> Encoder:
    """Entry of the table of encoders."""
    del options
    return ResNet18()
