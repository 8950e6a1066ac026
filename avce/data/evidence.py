"""Whole pictures that show what was found: frames without a face, and frames with several. Small, and only a few.

Crops cannot show them: without a face there is none, and of several faces only one is cut. They are drawn while
the picture is decoded anyway, so that no video is opened twice and the original may go.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from avce.errors import DataError

EVIDENCE_FILE = "evidence.parquet"
COLUMNS = ("row", "picture")
SIDE = 240
"""Longer side in pixels."""
APART = 6
"""Rows between two pictures of one stretch: neighbours in a video look the same."""
PER_UNIT = 48
MOST = 600
"""Pictures kept of a data set: some 5 MB."""

CHOSEN_RGB, OTHER_RGB = (255, 196, 0), (64, 160, 255)

Box = tuple[float, float, float, float]


class Evidence:
    """Chooses which rows to keep a picture of, and draws it.

    Args:
        limit: Pictures to keep in all.
    """

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._last: tuple[int, str] = (-APART, "")

    def of(
        self, row: int, kind: str, picture_rgb_u8: NDArray[np.uint8], chosen: Box | None, faces: Sequence[Box]
    ) -> bytes:
        """JPEG of the picture with its faces framed; empty where enough is kept.

        Args:
            row: Number of the row; rows come in rising order.
            kind: What is wrong with it, "" when nothing is.
            picture_rgb_u8: The whole picture.
            chosen: The face that was cut.
            faces: All faces.
        """
        last_row, last_kind = self._last
        if not kind:
            self._last = (row - APART, "")
            return b""
        if self._left <= 0 or (kind == last_kind and row - last_row < APART):
            return b""
        self._left, self._last = self._left - 1, (row, kind)
        return framed(picture_rgb_u8, chosen, faces)


def framed(picture_rgb_u8: NDArray[np.uint8], chosen: Box | None, faces: Sequence[Box]) -> bytes:
    """A small JPEG of a picture with its faces framed, the chosen one in yellow."""
    height, width = picture_rgb_u8.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(picture_rgb_u8, size, interpolation=cv2.INTER_AREA)
    for box in (*(face for face in faces if face != chosen), *([chosen] if chosen else [])):
        x0, y0, x1, y1 = (round(edge * scale) for edge in box)
        cv2.rectangle(small, (x0, y0), (x1, y1), CHOSEN_RGB if box == chosen else OTHER_RGB, 2)
    done, data = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])
    return data.tobytes() if done else b""


def write_evidence(kept: pd.DataFrame, folder: Path) -> None:
    """Store rows and pictures, the most rows spread evenly where there are more than :data:`MOST`."""
    if len(kept) > MOST:
        kept = kept.iloc[np.unique(np.linspace(0, len(kept) - 1, MOST).round().astype(int))]
    kept[list(COLUMNS)].to_parquet(folder / EVIDENCE_FILE, index=False)


def read_evidence(folder: Path) -> dict[int, bytes]:
    """Pictures by row number; none where the data set was prepared before they were kept.

    Raises:
        DataError: The file is damaged.
    """
    path = folder / EVIDENCE_FILE
    if not path.is_file():
        return {}
    try:
        table = pd.read_parquet(path)
        return dict(zip(table["row"].astype(int), table["picture"], strict=True))
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise DataError(f"{path}: cannot be read ({error}); prepare the data again") from error
