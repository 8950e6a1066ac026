"""Corrections of tracks: applied to what is read, one row per frame and face, no frame lost."""

from __future__ import annotations

import numpy as np
import pandas as pd

from avce.video.edits import Edits
from avce.video.points import TRAJECTORY_COLUMNS


def table(*rows):
    """Rows of (frame, track, state, valence); with a value comes a box."""
    filled = [
        (f, 40.0 * f, t, s, v, v, 0.9 if v is not None else None, *((1.0,) * 4 if v is not None else (None,) * 4))
        for f, t, s, v in rows
    ]  # fmt: skip
    out = pd.DataFrame(filled, columns=list(TRAJECTORY_COLUMNS))
    return out.astype({"track": "Int64", **dict.fromkeys(TRAJECTORY_COLUMNS[4:], "float64")})


def rows_of(out):
    return [
        (r.frame, None if pd.isna(r.track) else int(r.track), r.state, None if np.isnan(r.valence) else r.valence)
        for r in out.itertuples()
    ]  # fmt: skip


SEEN = table(
    (0, 1, "detected", 0.1),
    (0, 3, "detected", 0.3),
    (1, 1, "lost", None),
    (1, 2, "detected", 0.2),
    (2, 3, "detected", 0.4),
    (3, None, "no_face", None),
)


def test_without_edits_the_table_is_what_it_was():
    assert Edits().apply(SEEN) is SEEN
    assert not Edits()


def test_a_merged_face_has_one_row_per_frame_and_is_seen_where_either_track_sees_it():
    out = Edits({2: 1}).apply(SEEN)
    assert rows_of(out) == [
        (0, 1, "detected", 0.1),
        (0, 3, "detected", 0.3),
        (1, 1, "detected", 0.2),
        (2, 3, "detected", 0.4),
        (3, None, "no_face", None),
    ]


def test_an_excluded_face_leaves_frames_that_say_no_face():
    out = Edits({}, {3}).apply(SEEN)
    assert rows_of(out) == [
        (0, 1, "detected", 0.1),
        (1, 1, "lost", None),
        (1, 2, "detected", 0.2),
        (2, None, "no_face", None),
        (3, None, "no_face", None),
    ]
    assert out.loc[out["frame"] == 2, ["confidence", "x0", "y1"]].isna().all(axis=None)
    assert (out.dtypes == SEEN.dtypes).all()


def test_what_was_merged_into_an_excluded_face_goes_with_it():
    out = Edits({2: 1}, {1}).apply(SEEN)
    assert rows_of(out) == [
        (0, 3, "detected", 0.3),
        (1, None, "no_face", None),
        (2, 3, "detected", 0.4),
        (3, None, "no_face", None),
    ]


def test_members_are_the_tracks_to_read_for_a_face():
    edits = Edits({2: 1, 5: 1}, {3})
    assert edits.members(1) == [1, 2, 5]
    assert edits.members(3) == []
    assert (edits.whole(5), edits.whole(4)) == (1, 4)
