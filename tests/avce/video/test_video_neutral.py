"""Values less those of the neutral face, in columns of their own."""

from __future__ import annotations

import numpy as np
import pandas as pd

from avce.video.neutral import CALIBRATED_COLUMNS, calibrated


def test_the_neutral_face_is_zero_and_faces_without_one_stay_empty():
    table = pd.DataFrame(
        {
            "frame": [0, 0, 1, 2],
            "track": pd.array([1, 2, 1, pd.NA], dtype="Int64"),
            "valence": [0.3, 0.5, np.nan, np.nan],
            "arousal": [-0.9, 0.5, np.nan, np.nan],
        },
        index=[4, 5, 6, 7],
    )
    before = table.copy()
    out = calibrated(table, {1: (0.1, 0.2)})
    assert list(out.columns) == list(CALIBRATED_COLUMNS)
    np.testing.assert_allclose(out["valence_calibrated"], [0.2, np.nan, np.nan, np.nan])
    np.testing.assert_allclose(out["arousal_calibrated"], [-1.1, np.nan, np.nan, np.nan])
    assert out.index.equals(table.index)
    pd.testing.assert_frame_equal(table, before)
    assert calibrated(table, {}).isna().all(axis=None)
