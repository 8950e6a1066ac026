"""Pictures of the starter recipe in memory: grey, with exact or weak labels, drawn and augmented by the batch."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from avce.data.layouts.categories import WEAK_LABELS

CATEGORIES = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
NO_CATEGORY = -100
"""Index that cross entropy ignores."""


@dataclass(frozen=True)
class Pool:
    """One source of faces.

    Attributes:
        images: Shape ``(n, h, w)``, uint8, grey.
        targets: Valence and arousal, shape ``(n, 2)``.
        categories: Index into :data:`CATEGORIES`, or :data:`NO_CATEGORY`.
        weight: Weight of the V/A labels in the loss.
        groups: Subject, where known; else "".
        source: Who labelled or which film, where it matters; else "".
    """

    images: Tensor
    targets: Tensor
    categories: Tensor
    weight: float
    groups: tuple[str, ...]
    source: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.images)

    def balance(self) -> Tensor:
        """Sampling weights: a category's share goes with the root of its size; exact labels all alike."""
        if (self.categories < 0).all():
            return torch.ones(len(self))
        counts = torch.bincount(self.categories.clamp(min=0), minlength=len(CATEGORIES)).float()
        return counts.clamp(min=1).rsqrt()[self.categories]


def read_pool(archive: Path, split: str, *, weight: float, size: int) -> Pool:
    """One split of an archive with ``labels.csv``: columns image, split, and either valence and arousal or emotion."""
    with zipfile.ZipFile(archive) as files:
        rows = [
            row
            for row in csv.DictReader(io.TextIOWrapper(files.open("labels.csv"), "utf-8"))
            if row["split"] == split
        ]
        images = np.stack([_read_grey(files, row["image"], size) for row in rows])
    exact = "valence" in rows[0]
    targets = [
        (float(row["valence"]), float(row["arousal"])) if exact else WEAK_LABELS[row["emotion"]]
        for row in rows
    ]
    categories = [NO_CATEGORY if exact else CATEGORIES.index(row["emotion"]) for row in rows]
    return Pool(
        torch.from_numpy(images),
        torch.tensor(targets, dtype=torch.float32),
        torch.tensor(categories),
        weight,
        tuple(row.get("subject", "") for row in rows),
        tuple(row.get("user_id", "") for row in rows),
    )


def _read_grey(files: zipfile.ZipFile, name: str, size: int) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(files.read(name), np.uint8), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise ValueError(f"{files.filename}: {name} is no image")
    side = min(size, image.shape[0])
    return np.asarray(cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA))


def augment(images: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Grey uint8 ``(n, h, w)`` to float ``(n, 1, size, size)`` in [0, 1], heavily varied.

    Mirror, turn, zoom and shift cover what a detector delivers; low resolution and blur hide which source a
    picture is from; tone, noise and patches stand for light and occlusion.
    """
    n = len(images)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    x = _warp(images[:, None].float() / 255, size, normal, generator)
    coarse = torch.rand(n, generator=generator) < 0.35
    if coarse.any():
        side = int(torch.randint(28, 64, (1,), generator=generator))
        small = F.interpolate(x[coarse], (side, side), mode="bilinear", antialias=True)
        x[coarse] = F.interpolate(small, (size, size), mode="bilinear")
    gamma = torch.exp(normal(n, 1, 1, 1) * 0.3)
    x = x.clamp(1e-4, 1) ** gamma
    x = (x - 0.5) * torch.exp(normal(n, 1, 1, 1) * 0.25) + 0.5 + normal(n, 1, 1, 1) * 0.1
    x = x + normal(n, 1, size, size) * (0.04 * torch.rand(n, 1, 1, 1, generator=generator))
    return _patches(x.clamp(0, 1), size, generator)


def _warp(x: Tensor, size: int, normal, generator: torch.Generator) -> Tensor:  # type: ignore[no-untyped-def]  # noqa: ANN001
    n = len(x)
    angle, scale = normal(n) * 0.14, torch.exp(normal(n) * 0.14)
    shift = normal(n, 2) * 0.06
    mirror = (torch.rand(n, generator=generator) < 0.5).float() * 2 - 1
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    theta = torch.stack(
        [torch.stack([cos * mirror, -sin, shift[:, 0]], 1), torch.stack([sin * mirror, cos, shift[:, 1]], 1)],
        1,
    )
    grid = F.affine_grid(theta, [n, 1, size, size], align_corners=False)
    grid = _framed(grid, generator)
    padding = "border" if torch.rand(1, generator=generator) < 0.8 else "zeros"
    return F.grid_sample(x, grid, padding_mode=padding, align_corners=False)


def _framed(grid: Tensor, generator: torch.Generator) -> Tensor:
    """Repeat an edge further inside for some pictures: how much border a crop has tells its source, not its face."""
    n = len(grid)
    inset = 0.35 * torch.rand(n, 2, 2, generator=generator)
    inset = inset * (torch.rand(n, 2, 2, generator=generator) < 0.3)
    low, high = (inset[:, 0] - 1).view(n, 1, 1, 2), (1 - inset[:, 1]).view(n, 1, 1, 2)
    return torch.minimum(torch.maximum(grid, low), high)


def _patches(x: Tensor, size: int, generator: torch.Generator) -> Tensor:
    for index in torch.nonzero(torch.rand(len(x), generator=generator) < 0.3)[:, 0].tolist():
        top, left = torch.randint(0, size, (2,), generator=generator).tolist()
        half = int(torch.randint(size // 12, size // 5, (1,), generator=generator))
        fill = float(torch.rand(1, generator=generator))
        x[index, :, max(0, top - half) : top + half, max(0, left - half) : left + half] = fill
    return x


def plain(images: Tensor, size: int) -> Tensor:
    """Grey uint8 ``(n, h, w)`` to float ``(n, 1, size, size)`` in [0, 1], only resized."""
    return F.interpolate(images[:, None].float() / 255, (size, size), mode="bilinear", antialias=True)
