"""A prepared data set: face crops with labels, ready for training. Torch-free.

A folder with ``samples.parquet`` (a row per labelled picture or frame), ``crops/*.arrow`` (JPEG crops) and
``card.json`` (what the data is, what was found in it, and the recipe); ``evidence.parquet`` shows some of the rows that
have no face, or several.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from avce.data.evidence import read_evidence
from avce.data.shards import Shard
from avce.errors import DataError
from avce.options import Split

FORMAT = 1
CARD_FILE = "card.json"
SAMPLES_FILE = "samples.parquet"
CROPS_FOLDER = "crops"


class Prepared:
    """Prepared crops and labels; open with :meth:`load`.

    Attributes:
        folder: Where it lies.
        samples: Index columns, and ``face`` (a crop exists), ``score``, ``n_faces``, ``x0 y0 x1 y1`` (box that was
            cut, in pixels of the picture), ``width``, ``height``, ``brightness``, ``chroma``, ``reason`` (why there is no
            face), ``shard``, ``offset``.
        card: Layout, counts, findings, recipe, histogram; see :func:`avce.data.prepare.prepare`.
        fingerprint: Same crops, labels, splits and recipe, same fingerprint.
    """

    def __init__(self, folder: Path, samples: pd.DataFrame, card: dict[str, Any]) -> None:
        self.folder = folder
        self.samples = samples
        self.card = card
        self.fingerprint: str = card["fingerprint"]
        self._shards: dict[int, Shard] = {}
        self._places = samples[["shard", "offset"]].to_numpy(np.int64)

    @classmethod
    def load(cls, folder: Path | str) -> Prepared:
        """Open a prepared folder.

        Raises:
            DataError: Not a prepared folder, of an unknown format, or with files missing or cut short.
        """
        folder = Path(folder)
        try:
            card = json.loads((folder / CARD_FILE).read_text("utf-8"))
            samples = pd.read_parquet(folder / SAMPLES_FILE)
        except (OSError, ValueError, pa.ArrowException) as error:
            raise DataError(
                f"{folder}: expected a prepared data set, it cannot be read ({error}); prepare it again"
            ) from error
        if not isinstance(card, dict) or card.get("format") != FORMAT:
            raise DataError(
                f"{folder / CARD_FILE}: expected format {FORMAT}; prepare the data again with this version"
            )
        for shard in card["shards"]:
            path = folder / CROPS_FOLDER / shard["file"]
            size = path.stat().st_size if path.is_file() else -1
            if size != shard["bytes"]:
                got = "it is missing" if size < 0 else f"it has {size:,}"
                raise DataError(f"{path}: expected {shard['bytes']:,} bytes, {got}; prepare the data again")
        return cls(folder, samples, card)

    @property
    def size(self) -> int:
        """Side of the crops in pixels."""
        return int(self.card["recipe"]["size"])

    def __len__(self) -> int:
        return len(self.samples)

    def jpeg(self, row: int) -> bytes:
        """One crop as JPEG bytes.

        Raises:
            DataError: The row has no face, or its crop cannot be read.
        """
        shard, offset = self._places[row]
        if offset < 0:
            at = self.samples.iloc[row]
            raise DataError(
                f"{self.folder}: row {row} ({at['image'] or at['video']}) has no face; use rows with face = True"
            )
        if shard not in self._shards:
            self._shards[shard] = Shard(self.folder / CROPS_FOLDER / self.card["shards"][shard]["file"])
        return self._shards[shard].jpeg(int(offset))

    @cached_property
    def evidence(self) -> dict[int, bytes]:
        """Small whole pictures (JPEG) by row, of some rows without a face or with several; faces are framed."""
        return read_evidence(self.folder)

    def crops_rgb_u8(self, rows: Sequence[int] | NDArray[np.int64]) -> NDArray[np.uint8]:
        """Crops of chosen rows.

        Args:
            rows: Row numbers of ``samples`` with a face.

        Returns:
            Shape ``(n, size, size, 3)``.

        Raises:
            DataError: A row has no face, or its crop cannot be read.
        """
        crops = np.empty((len(rows), self.size, self.size, 3), np.uint8)
        for n, row in enumerate(rows):
            picture = cv2.imdecode(np.frombuffer(self.jpeg(int(row)), np.uint8), cv2.IMREAD_COLOR_RGB)
            if picture is None or picture.shape != crops.shape[1:]:
                raise DataError(f"{self.folder}: the crop of row {row} is damaged; prepare the data again")
            crops[n] = picture
        return crops

    def rows(self, split: Split) -> NDArray[np.int64]:
        """Rows of a split that have a face and finite labels.

        Raises:
            DataError: There are none; the text says which splits there are and what to do.
        """
        table = self.samples
        usable = table["face"].to_numpy(bool) & np.isfinite(
            table[["valence", "arousal"]].to_numpy(np.float64)
        ).all(axis=1)
        found = np.flatnonzero(usable & (table["split"] == split.value).to_numpy(bool))
        if not len(found):
            counts = table["split"][usable].value_counts()
            have = ", ".join(f"{name} ({count})" for name, count in counts.items()) or "none"
            raise DataError(
                f"{self.card.get('name') or self.folder}: split {split.value} is empty: no usable face in it. Splits with faces:"
                f" {have}. Choose one of those, or add rows of split {split.value} to the labels"
            )
        return found.astype(np.int64)
