"""A plain engine and an easy batch, shared by the tests of methods."""

from __future__ import annotations

from types import SimpleNamespace

import torch


class PlainEngine:
    """The training loop's side of a step, at its simplest."""

    def __init__(self, method):
        self.optimizers = method.optimizers()
        self.calls = []

    def update(self, loss, *names):
        self.calls.append(names)
        for optimizer in self.optimizers.values():
            optimizer.zero_grad()
        loss.backward()
        for name in names or self.optimizers:
            self.optimizers[name].step()


def batch_of(count=24, size=32, seed=0):
    """Pictures whose brightness left and right says valence and arousal."""
    generator = torch.Generator().manual_seed(seed)
    targets = 2 * torch.rand(count, 2, generator=generator) - 1
    images = 0.3 * torch.randn(count, 3, size, size, generator=generator)
    images[..., : size // 2] += targets[:, 0, None, None, None]
    images[..., size // 2 :] += targets[:, 1, None, None, None]
    return SimpleNamespace(images=images, targets=targets, weights=torch.ones(count))
