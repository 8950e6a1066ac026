"""Places behind a person: soft gradients, lights out of focus, panels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def draw_background(seed: int, width: int, height: int) -> NDArray[np.float32]:
    """Draw a background.

    Args:
        seed: Which one; the same at every size.
        width: In pixels.
        height: In pixels.

    Returns:
        Levels of 255, shape ``(height, width, 3)``.
    """
    rng = np.random.default_rng(seed)
    corners = rng.uniform(30, 200) * (1 + rng.normal(0, 0.22, (2, 2, 3)))
    # Everything is drawn small and enlarged: out of focus for free, and equal at all sizes.
    wide = 96
    small = cv2.resize(corners.astype(np.float32), (wide, wide), interpolation=cv2.INTER_LINEAR)
    for _ in range(rng.integers(0, 9)):
        colour = [
            float(level) for level in np.clip(rng.uniform(20, 230) * (1 + rng.normal(0, 0.25, 3)), 0, 255)
        ]
        at = [int(v) for v in rng.integers(0, wide, 2)]
        layer = small.copy()
        if rng.random() < 0.5:
            cv2.circle(layer, (at[0], at[1]), int(rng.integers(4, 22)), colour, -1)
        else:
            cv2.rectangle(
                layer,
                (at[0], at[1]),
                (at[0] + int(rng.integers(6, 40)), at[1] + int(rng.integers(10, 90))),
                colour,
                -1,
            )
        share = float(rng.uniform(0.25, 0.9))
        small = cv2.addWeighted(layer, share, small, 1 - share, 0)
    small = cv2.GaussianBlur(small, (0, 0), float(rng.uniform(1.5, 6)), borderType=cv2.BORDER_REPLICATE)
    return np.clip(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), 0, 255).astype(
        np.float32
    )
