"""Which frame of a video the reader looks at; one choice for the player, the slider and the maps."""

from __future__ import annotations

import numpy as np
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
