"""Which frame of a video the reader looks at; one choice for the player, the slider and the maps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

KEY = "video.frame"


def frame_key(analysis_id: str) -> str:
    """Session key of the chosen frame."""
    return f"{KEY}.{analysis_id}"


def chosen_frame(analysis_id: str, frames: list[int]) -> int:
    """The frame looked at: the session's choice, or the first with a face."""
    key = frame_key(analysis_id)
    current = st.session_state.get(key)
    if current not in frames:
        current = frames[0]
        st.session_state[key] = current
    return int(current)


def nearest(frames: list[int], wanted: int) -> int:
    """The listed frame closest to a number."""
    table = np.asarray(frames)
    return int(table[np.abs(table - wanted).argmin()])


def key_frames(points: pd.DataFrame, count: int = 5) -> list[int]:
    """Frames worth a look: extremes of each axis, then frames spread over what is left.

    Args:
        points: Trajectory with ``frame, valence, arousal``; rows without values are ignored.
        count: How many at most.

    Returns:
        Distinct frame numbers in order; empty when no frame has a value.
    """
    seen = points.dropna(subset=["valence", "arousal"])
    if seen.empty:
        return []
    peaks = [
        int(seen.loc[getattr(seen[axis], pick)(), "frame"])
        for axis in ("valence", "arousal")
        for pick in ("idxmax", "idxmin")
    ]
    spread = seen["frame"].iloc[np.linspace(0, len(seen) - 1, count + 2).astype(int)[1:-1]]
    return sorted(list(dict.fromkeys([*peaks, *map(int, spread)]))[:count])
