"""Methods that judge a frame by the frames before it as well."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from avce.methods.base import Method
from avce.options import TrainOptions

WINDOWS = 512
"""Windows that go through the network's temporal part together."""


class ClipMethod(Method):
    """A method whose encoder sees single frames, and whose values depend on the features of several.

    Attributes:
        clip_length: Frames that count for a value: its own and those before it.
    """

    def __init__(self, options: TrainOptions) -> None:
        super().__init__(options)
        self.clip_length = options.clip_length

    @abstractmethod
    def over_time(self, features: Tensor) -> Tensor:
        """Features ``(B, T, F)`` of clips to ``(B, T, 2)``; a frame's values depend on no later frame."""

    def forward(self, images: Tensor) -> Tensor:
        """Each picture as a clip of one frame, ``(B, 3, H, W) -> (B, 2)``."""
        return self.over_time(self.encoder(images)[:, None])[:, 0]

    def values_of(self, features: Tensor) -> Tensor:
        """Values of all frames of one sequence, each from the last :attr:`clip_length` frames up to it.

        Args:
            features: Shape ``(n, F)``, in the order of time.

        Returns:
            Shape ``(n, 2)``. Those of the first frames come from as many as there are.
        """
        values = [self.over_time(features[None, : self.clip_length])[0]]
        if len(features) > self.clip_length:
            windows = features[1:].unfold(0, self.clip_length, 1).transpose(1, 2)
            values += [self.over_time(part)[:, -1] for part in torch.split(windows, WINDOWS)]
        return torch.cat(values)

    def values_of_sequences(self, features: Tensor, sequences: Iterable[NDArray[np.int64]]) -> Tensor:
        """Values of frames of several sequences.

        Args:
            features: Shape ``(n, F)``.
            sequences: Positions of each sequence's frames, in the order of time; each position occurs once.

        Returns:
            Shape ``(n, 2)``, in the order of ``features``.
        """
        values = features.new_empty(len(features), 2)
        for positions in sequences:
            at = torch.from_numpy(positions).to(features.device)
            values[at] = self.values_of(features[at])
        return values


class History:
    """Features of the last frames of sequences that go on: what a value needs beside its own frame."""

    def __init__(self) -> None:
        self._kept: dict[object, Tensor] = {}

    def values(self, method: ClipMethod, key: object, features: Tensor) -> Tensor:
        """Values of the next frames of a sequence, ``(n, F) -> (n, 2)``; the same however they are cut into parts.

        Args:
            method: The network.
            key: Names the sequence.
            features: Of the next frames.
        """
        before = self._kept.get(key, features[:0])
        whole = torch.cat([before, features])
        self._kept[key] = whole[max(0, len(whole) - method.clip_length + 1) :]
        return method.values_of(whole)[len(before) :]
