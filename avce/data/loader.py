"""Batches for training and prediction. Cheap enough to share two cores with the network: no worker processes.

Crops are decoded once and kept as bytes in memory when they fit; augmentation handles whole batches.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from torch import Tensor

from avce.data.augment import LUMINANCE, NUMBERS, STRENGTHS, augment
from avce.data.batches import batches_of
from avce.data.prepared import Prepared
from avce.data.randomness import uniforms
from avce.data.sequences import clips_of
from avce.data.views import centre, resize, resized_side
from avce.errors import DataError, ShapeError
from avce.options import CLIP_METHODS, TrainOptions

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
"""ImageNet statistics, as in the paper."""

MEMORY_SHARE = 0.4
"""Share of the free memory that decoded crops may take; larger sets are decoded batch by batch."""


@dataclass(frozen=True)
class Batch:
    """Samples of one step.

    Attributes:
        images: Shape ``(b, 3, h, w)``, float32, normalised, channels last in memory.
        targets: Shape ``(b, 2)``: valence, arousal.
        weights: Shape ``(b,)``: weight of each sample in the loss.
        rows: Shape ``(b,)``, int64: row numbers in ``Prepared.samples``.
    """

    images: Tensor
    targets: Tensor
    weights: Tensor
    rows: Tensor

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on a device."""
        moved: dict[str, Any] = {
            name: getattr(self, name).to(device) for name in ("images", "targets", "weights", "rows")
        }
        return replace(self, **moved)

    def __len__(self) -> int:
        return len(self.rows)


class CropCache:
    """Crops of chosen rows, decoded once where memory allows, at the side training needs or smaller.

    Args:
        prepared: The data.
        rows: Rows that will be asked for.
        side: Side wanted; larger crops are shrunk before they are kept.
        budget_bytes: Most memory to take; default :data:`MEMORY_SHARE` of what is free.
    """

    def __init__(
        self, prepared: Prepared, rows: NDArray[np.int64], side: int, *, budget_bytes: int | None = None
    ) -> None:
        self.prepared, self.side = prepared, side
        kept_side = min(side, prepared.size)
        if budget_bytes is None:
            budget_bytes = int(MEMORY_SHARE * psutil.virtual_memory().available)
        self.is_kept = len(rows) * kept_side**2 * 3 <= budget_bytes
        self._place = np.full(len(prepared), -1, np.int64)
        self._place[rows] = np.arange(len(rows))
        self._is_decoded = np.zeros(len(rows), bool)
        # not touched until filled, so the system gives the memory page by page
        self._kept = np.empty((len(rows) if self.is_kept else 0, kept_side, kept_side, 3), np.uint8)

    def get(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Pictures of rows, shape ``(n, side, side, 3)``."""
        if not self.is_kept:
            return resize(self.prepared.crops_rgb_u8(rows), self.side)
        places = self._place[rows]
        missing = np.flatnonzero(~self._is_decoded[places])
        if len(missing):
            self._kept[places[missing]] = resize(
                self.prepared.crops_rgb_u8(rows[missing]), self._kept.shape[1]
            )
            self._is_decoded[places[missing]] = True
        return resize(self._kept[places], self.side)


class TrainLoader:
    """Shuffled, augmented batches, the same for the same (seed, epoch, row) whatever else changes.

    The last batch of an epoch is dropped when it is smaller than half a batch, or than 2.

    Args:
        prepared: The data.
        rows: Rows to train on.
        options: ``batch_size``, ``input_size``, ``augment``, ``grey``, ``seed``.
        rank: Which of ``world`` processes this is; it gets every ``world``-th picture of each batch.
        world: Processes that train one model together.
    """

    def __init__(
        self,
        prepared: Prepared,
        rows: NDArray[np.int64] | Sequence[int],
        options: TrainOptions,
        *,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self.rows = np.asarray(rows, np.int64)
        self.options = options
        self.rank, self.world = rank, world
        self._labels = _Labels(prepared)
        self._cache = CropCache(prepared, self.rows, resized_side(options.input_size))

    def __len__(self) -> int:
        """Batches per epoch."""
        return batches_of(len(self.rows), self.options.batch_size, world=self.world)

    def epoch(self, e: int, *, start: int = 0) -> Iterator[Batch]:
        """Batches of epoch ``e`` (from 0), from batch ``start`` on."""
        size = self.options.batch_size
        order = self.rows[np.random.default_rng([self.options.seed, e]).permutation(len(self.rows))]
        for n in range(start, len(self)):
            rows = order[n * size : (n + 1) * size][self.rank :: self.world]
            yield self._labels.batch(rows, self.images(rows, e))

    def images(self, rows: NDArray[np.int64], e: int, alike: NDArray[np.int64] | None = None) -> Tensor:
        """Augmented network input of chosen rows in epoch ``e``; each as the row at its place in ``alike``, else its own way."""
        options, crops = self.options, self._cache.get(rows)
        if options.augment == "none":
            return to_input(crops, options)
        numbers = uniforms(options.seed, e, rows if alike is None else alike, NUMBERS)
        seen = augment(crops, options.input_size, numbers, STRENGTHS[options.augment])
        return normalise(seen, grey=options.grey)


class ClipLoader(TrainLoader):
    """Batches of clips: ``batch_size // clip_length`` of them, each ``clip_length`` frames of one sequence in order of time.

    An epoch has as many batches as for single faces. Where clips begin is drawn anew for each epoch, every place being as
    likely; the frames of a clip are augmented alike.

    Raises:
        DataError: No sequence is long enough.
    """

    def __init__(
        self,
        prepared: Prepared,
        rows: NDArray[np.int64] | Sequence[int],
        options: TrainOptions,
        **team: int,
    ) -> None:
        super().__init__(prepared, rows, options, **team)
        self.length = options.clip_length
        self._ordered, self._starts = clips_of(prepared.samples, self.rows, self.length)
        if not len(self._starts):
            raise DataError(
                f"{prepared.folder}: method {options.method.value} learns from clips of {self.length} frames, and no sequence of"
                " the training split has so many faces with labels; choose a smaller clip_length, a data set of videos, or"
                " method hasani"
            )

    def epoch(self, e: int, *, start: int = 0) -> Iterator[Batch]:
        """Batches of epoch ``e`` (from 0), from batch ``start`` on; frames of a clip follow one another."""
        n_clips = self.options.batch_size // self.length
        drawn = np.random.default_rng([self.options.seed, e]).integers(
            len(self._starts), size=(len(self), n_clips)
        )
        for clips in drawn[start:]:
            first = self._starts[clips[self.rank :: self.world]]
            rows = self._ordered[(first[:, None] + np.arange(self.length)).ravel()]
            alike = np.repeat(self._ordered[first], self.length)
            yield self._labels.batch(rows, self.images(rows, e, alike))


def train_loader(
    prepared: Prepared,
    rows: NDArray[np.int64] | Sequence[int],
    options: TrainOptions,
    **team: int,
) -> TrainLoader:
    """What the method learns from: clips, or single faces; the arguments are those of :class:`TrainLoader`."""
    kind = ClipLoader if options.method in CLIP_METHODS else TrainLoader
    return kind(prepared, rows, options, **team)


def eval_batches(
    prepared: Prepared, rows: NDArray[np.int64] | Sequence[int], options: TrainOptions, batch_size: int
) -> Iterator[Batch]:
    """Batches of rows in their order, without augmentation; the last may be smaller."""
    rows = np.asarray(rows, np.int64)
    labels = _Labels(prepared)
    for start in range(0, len(rows), batch_size):
        chosen = rows[start : start + batch_size]
        yield labels.batch(chosen, to_input(prepared.crops_rgb_u8(chosen), options))


def to_input(images_rgb_u8: NDArray[np.uint8], options: TrainOptions) -> Tensor:
    """Crops as a network sees them when predicting: resized, centre window, grey if so trained, normalised.

    Args:
        images_rgb_u8: Square pictures, shape ``(n, side, side, 3)``.
        options: ``input_size`` and ``grey``.

    Returns:
        Shape ``(n, 3, input_size, input_size)``, float32, channels last in memory.

    Raises:
        ShapeError: Not square colour pictures of bytes.
    """
    shape = images_rgb_u8.shape
    if len(shape) != 4 or shape[3] != 3 or shape[1] != shape[2] or images_rgb_u8.dtype != np.uint8:
        raise ShapeError(
            f"images_rgb_u8: expected uint8 (n, side, side, 3), got {images_rgb_u8.dtype} {shape}"
        )
    return normalise(centre(images_rgb_u8, options.input_size), grey=options.grey)


def normalise(images_rgb_u8: NDArray[np.uint8], *, grey: bool) -> Tensor:
    """Bytes to float: subtract ImageNet's mean, divide by its spread; ``grey`` first makes all channels the luminance.

    Args:
        images_rgb_u8: Shape ``(n, h, w, 3)``.
        grey: Drop colour.

    Returns:
        Shape ``(n, 3, h, w)``, float32, channels last in memory.
    """
    images = torch.from_numpy(np.ascontiguousarray(images_rgb_u8)).float()
    mean, std = 255 * torch.tensor(MEAN), 255 * torch.tensor(STD)
    if grey:
        images = (images @ torch.tensor(LUMINANCE, dtype=torch.float32)).unsqueeze(-1).expand_as(images)
    return torch.addcmul(-mean / std, images, 1 / std).permute(0, 3, 1, 2)


class _Labels:
    def __init__(self, prepared: Prepared) -> None:
        table = prepared.samples
        self._targets = torch.from_numpy(table[["valence", "arousal"]].to_numpy(np.float32, copy=True))
        weights = (
            table["weight"].to_numpy(np.float32, copy=True)
            if "weight" in table
            else np.ones(len(table), np.float32)
        )
        self._weights = torch.from_numpy(weights)
        self._name = prepared.folder

    def batch(self, rows: NDArray[np.int64], images: Tensor) -> Batch:
        at = torch.from_numpy(rows.copy())
        targets = self._targets[at]
        if not torch.isfinite(targets).all():
            raise DataError(f"{self._name}: rows without a label were asked for; use Prepared.rows(split)")
        return Batch(images, targets, self._weights[at], at)
