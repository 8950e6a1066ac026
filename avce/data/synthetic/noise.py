"""Soft noise in the place of faces: crops of the right shape where only the clock is of interest."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from avce.data.prepared import CROPS_FOLDER, FORMAT, Prepared
from avce.data.shards import write_shard
from avce.options import Split

PATCHES = 12
"""Across the picture; as coarse as a face, so that a JPEG of it is about as large and as quick to decode."""


def noise_faces(folder: Path, *, n: int, n_val: int, side: int) -> Prepared:
    """A prepared set of noise with random labels, ``n`` to train on and ``n_val`` to validate on.

    Args:
        folder: Where the crops are written.
        n: Size of the training split.
        n_val: Size of the validation split.
        side: Side of the crops in pixels.
    """
    random = np.random.default_rng(0)
    (folder / CROPS_FOLDER).mkdir(parents=True, exist_ok=True)
    with write_shard(folder / CROPS_FOLDER / "0.arrow") as shard:
        for _ in range(n + n_val):
            patches = random.integers(0, 256, (PATCHES, PATCHES, 3), np.uint8)
            crop = cv2.resize(patches, (side, side), interpolation=cv2.INTER_CUBIC)
            shard.add(cv2.imencode(".jpg", crop)[1].tobytes())
    labels = random.uniform(-1, 1, (n + n_val, 2))
    samples = pd.DataFrame(
        {
            "image": [f"noise {row}" for row in range(n + n_val)],
            "video": "noise",  # one sequence, for methods that learn from clips
            "frame": np.arange(n + n_val),
            "valence": labels[:, 0],
            "arousal": labels[:, 1],
            "face": True,
            "split": [Split.TRAIN.value] * n + [Split.VAL.value] * n_val,
            "shard": 0,
            "offset": np.arange(n + n_val),
        }
    )
    card = {
        "format": FORMAT,
        "name": "noise",
        "fingerprint": f"noise-{side}",
        "recipe": {"size": side},
        "shards": [{"file": "0.arrow"}],
    }
    return Prepared(folder, samples, card)
