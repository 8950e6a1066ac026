"""Heads: R reads the feature and predicts, H judges the two views, v spans the regulariser's space."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

HIDDEN = 256


class Bottleneck(nn.Sequential):
    """Feature of the encoder → z ≥ 0 of length ``dim``: linear and ReLU, as in the authors' code.

    Args:
        in_features: Length of the feature.
        dim: Length of z.
        norm: ``"batch"`` normalises before the ReLU: without it, in nets trained from scratch at a high learning rate,
            most entries of z are 0 for every picture after an epoch, and the views have little to choose from.
    """

    def __init__(self, in_features: int, dim: int, norm: Literal["none", "batch"] = "none") -> None:
        middle: list[nn.Module] = [nn.BatchNorm1d(dim)] if norm == "batch" else []
        super().__init__(nn.Linear(in_features, dim), *middle, nn.ReLU())


class Regressor(nn.Module):
    """R: z → 256 → (valence, arousal), with dropout; x = R(z) is the prediction.

    Args:
        dim: Length of z.
        dropout: Share of hidden units dropped in training.
        dropout_at_test: Keep dropping in eval mode, as the authors' ResNet18 head does (departure 8).
    """

    def __init__(self, dim: int, dropout: float, *, dropout_at_test: bool = False) -> None:
        super().__init__()
        self.hidden = nn.Linear(dim, HIDDEN)
        self.out = nn.Linear(HIDDEN, 2)
        self.dropout, self.dropout_at_test = dropout, dropout_at_test

    def forward(self, z: Tensor) -> Tensor:
        """Shape ``(B, dim)`` to ``(B, 2)``."""
        hidden = F.relu(self.hidden(z))
        hidden = F.dropout(hidden, self.dropout, training=self.training or self.dropout_at_test)
        x: Tensor = self.out(hidden)
        return x


class ViewHead(nn.Module):
    """H: a view on the simplex → 256 → .5 tanh, within (-.5, .5); one set of weights for both views."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(dim, HIDDEN)
        self.out = nn.Linear(HIDDEN, 2)

    def forward(self, view: Tensor) -> Tensor:
        """Shape ``(B, dim)`` to ``(B, 2)``."""
        y: Tensor = 0.5 * self.out(F.relu(self.hidden(view))).tanh()
        return y


class MetricHead(nn.Sequential):
    """v: a view (or z) → 64 → 8, the space in which hold and push measure distance."""

    def __init__(self, dim: int) -> None:
        super().__init__(nn.Linear(dim, 64), nn.ReLU(), nn.Linear(64, 8))
