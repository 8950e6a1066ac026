"""Find the frames where one shot ends and another begins. Torch-free."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


class CutFinder:
    """Says of each picture whether it starts a new shot.

    Two things must happen at once: the colours change (half the L1 distance of 8 × 8 × 8 histograms, 0 to 1)
    and the picture changes where it stands (mean absolute difference). A face that enters or light that
    flickers changes one of them; noise changes the second only. Slow fades are not cuts.

    Args:
        colour_change: Least distance of the histograms.
        place_change: Least mean absolute difference, in grey levels.
    """

    def __init__(self, *, colour_change: float = 0.4, place_change: float = 18.0) -> None:
        self.colour_change = colour_change
        self.place_change = place_change
        self._last: tuple[NDArray[np.float32], NDArray[np.int16]] | None = None

    def is_cut(self, frame_rgb_u8: NDArray[np.uint8]) -> bool:
        """Whether this picture starts a new shot; the first picture does not. Cost: about .2 ms."""
        small = cv2.resize(frame_rgb_u8, (64, 48), interpolation=cv2.INTER_AREA)
        counts = cv2.calcHist([small], [0, 1, 2], None, [8, 8, 8], [0, 256] * 3)
        colours = (counts / counts.sum()).astype(np.float32)
        place = np.asarray(small, np.int16)
        last, self._last = self._last, (colours, place)
        if last is None:
            return False
        if 0.5 * float(np.abs(colours - last[0]).sum()) < self.colour_change:
            return False
        return float(np.abs(place - last[1]).mean()) >= self.place_change
