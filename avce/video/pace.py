"""Which frames are judged when fewer than all shall be. Torch-free."""

from __future__ import annotations

from math import floor

_SLACK = 1e-6
"""Times are rounded to the microsecond; a frame that is due to the microsecond is due."""


class Pace:
    """Asked about frames in order; says of each whether a model shall see it.

    With ``target_fps`` time is divided into slots of ``1 / target_fps`` seconds, counted from the start of the
    video, and the first frame in each slot is chosen. So the mean rate is right for every frame rate, also a
    varying one, and where the reading starts changes at most the first choice.

    Args:
        every_nth_frame: Choose one frame in n, by position in the video.
        target_fps: Choose about so many a second; ``None``: only ``every_nth_frame`` counts.
    """

    def __init__(self, *, every_nth_frame: int = 1, target_fps: float | None = None) -> None:
        self.every_nth_frame = every_nth_frame
        self.target_fps = target_fps
        self._slot: int | None = None

    def is_chosen(self, index: int, pts_ms: float) -> bool:
        """Whether to judge the frame at this position and time."""
        if self.target_fps is None:
            return index % self.every_nth_frame == 0
        slot = floor(pts_ms / 1000 * self.target_fps + _SLACK)
        is_new = self._slot is None or slot > self._slot
        self._slot = slot if is_new else self._slot
        return is_new
