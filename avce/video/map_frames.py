"""Which frames of a trajectory get activation maps: those named, every n-th, peaks and turning points, or all. Torch-free."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from avce.errors import OptionError
from avce.options import MOST_MAP_FRAMES, Axis, MapFrames, MapOptions
from avce.video.events import peaks
from avce.video.keyframes import FILLER, choose_key_frames
from avce.video.one_face import one_face

KEY_FRAMES = 24


def map_frames(
    table: pd.DataFrame, options: MapOptions, chosen: Sequence[int] = (), *, track: int | None = None
) -> list[int]:
    """Frames to draw maps over, in order.

    Args:
        table: Trajectory of one model, all faces, with :data:`avce.video.points.TRAJECTORY_COLUMNS`.
        options: Which frames; ``every`` counts frames that have a face.
        chosen: The frames, where ``options.which`` is ``chosen``; taken as they are.
        track: Only this face; ``None``: all.

    Returns:
        At most :data:`avce.options.MOST_MAP_FRAMES`. Of more peaks than that, the extremes, the turning points and then the
        peaks farthest from neutral.

    Raises:
        OptionError: More frames than that, or none chosen; the text says what to do.
    """
    mine = table if track is None else table[table["track"] == track]
    judged = mine.dropna(subset=["valence", "arousal"])
    known = sorted({int(frame) for frame in judged["frame"]})
    if options.which is MapFrames.CHOSEN:
        return _within(sorted({int(frame) for frame in chosen}), "choose fewer")
    if options.which is MapFrames.PEAKS:
        return sorted(_moments(mine)[:MOST_MAP_FRAMES]) if known else []
    if options.which is MapFrames.EVERY:
        return _within(known[:: options.every], f"take every {_step(known)}th or fewer")
    return _within(known, f"take every {_step(known)}th")


def _within(frames: list[int], advice: str) -> list[int]:
    if len(frames) > MOST_MAP_FRAMES:
        raise OptionError(
            f"maps: expected 1 to {MOST_MAP_FRAMES} frames with a face, got {len(frames):,}; {advice}, or peaks"
        )
    return frames


def _step(frames: Sequence[int]) -> int:
    """The least step that is within the limit."""
    return -(-len(frames) // MOST_MAP_FRAMES)


def _moments(table: pd.DataFrame) -> list[int]:
    """Peaks and turning points, the most telling first."""
    keys = choose_key_frames([one_face(table, None)], KEY_FRAMES)
    found = [event for axis in Axis for event in peaks(table, axis)]
    by_height = sorted(found, key=lambda event: -abs(event.value))
    first = [key.frame for key in keys if key.reason != FILLER]
    return list(dict.fromkeys([*first, *(event.first_frame for event in by_height)]))
