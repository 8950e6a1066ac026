"""How many samples a batch has, and how many batches an epoch; the loop, the loader and the cost count alike. Torch-free."""

from __future__ import annotations


def batch_size_for(n: int, asked: int) -> int:
    """Samples of a batch: as many as asked for; small data are one batch."""
    return asked if n >= asked else max(2, n)


def batches_of(n: int, size: int, *, world: int = 1) -> int:
    """Batches of an epoch over ``n`` samples; a last one below half a batch, or below 2 for each process, is dropped."""
    full, rest = divmod(n, size)
    return full + (rest >= max(2 * world, size / 2))
