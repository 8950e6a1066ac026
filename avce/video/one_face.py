"""A trajectory of several faces as that of one. Torch-free."""

from __future__ import annotations

import numpy as np
import pandas as pd

NOBODY = ("no_face", "cut")
"""States of a frame in which no other face is seen."""


def one_face(points: pd.DataFrame, track: int | None) -> pd.DataFrame:
    """One row per decoded frame: of one face, or of the largest face in each frame.

    Args:
        points: Trajectory of one run, all faces.
        track: The face; ``None``: the largest with a value in each frame.

    Returns:
        Frames in order; where the face is not seen, a row without values.
    """
    if track is None:
        side = (points["x1"] - points["x0"]).fillna(0)
        order = points.assign(has_value=points["valence"].notna(), side=side)
        best = order.sort_values(
            ["frame", "has_value", "side"], ascending=[True, False, False]
        ).drop_duplicates("frame")
        return best.drop(columns=["has_value", "side"]).reset_index(drop=True)
    mine = points[points["track"] == track].drop_duplicates("frame")
    frames = points.drop_duplicates("frame")
    others = frames[~frames["frame"].isin(mine["frame"])].copy()
    others["track"] = track
    # Also columns beside the values, such as their running mean: they are of another face.
    others[list(others.select_dtypes("float").columns.drop("pts_ms"))] = np.nan
    others["state"] = others["state"].where(others["state"].isin(NOBODY), "lost")
    return pd.concat([mine, others]).sort_values("frame", ignore_index=True)
