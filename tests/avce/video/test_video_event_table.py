"""Events as one table, and as files beside the trajectory."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from avce.video.event_table import EVENT_COLUMNS, event_table, write_events
from avce.video.points import TRAJECTORY_COLUMNS


def trajectory() -> pd.DataFrame:
    """A quick rise of valence to a peak at frame 100, and back; calm all the time, 25 frames a second."""
    at = np.arange(200)
    valence = 0.05 + 0.8 * np.exp(-(((at - 100) / 15) ** 2))
    table = pd.DataFrame({"frame": at, "pts_ms": at * 40.0, "track": 1, "state": "detected", "valence": valence, "arousal": -0.3})  # fmt: skip
    return table.reindex(columns=list(TRAJECTORY_COLUMNS))


def test_a_smile_is_a_rise_a_peak_a_fall_and_a_stay_in_order_of_time() -> None:
    found = event_table(trajectory())
    assert list(found.columns) == list(EVENT_COLUMNS)
    assert found["kind"].tolist() == ["dwell", "rise", "peak", "fall"]
    peak = found[found["kind"] == "peak"].iloc[0]
    assert (peak["axis"], peak["first_frame"], peak["start_ms"]) == ("valence", 100, 4000.0)
    assert peak["value"] == 0.85
    dwell = found.iloc[0]
    assert (dwell["quadrant"], dwell["duration_s"], dwell["value"]) == ("pleased and calm", 8.0, 1.0)


def test_a_flat_trajectory_without_a_face_has_no_event_but_a_table() -> None:
    nobody = trajectory().assign(state="no_face", track=None, valence=np.nan, arousal=np.nan)
    assert event_table(nobody).empty


def test_files_hold_the_same_events_and_empty_cells_are_null(tmp_path) -> None:
    source = tmp_path / "trajectory.csv"
    trajectory().to_csv(source, index=False)
    write_events(source, tmp_path / "events.csv")
    write_events(source, tmp_path / "events.json", "json")
    rows = pd.read_csv(tmp_path / "events.csv")
    objects = json.loads((tmp_path / "events.json").read_text())
    assert [row["kind"] for row in objects] == rows["kind"].tolist()
    assert objects[0]["axis"] is None
    assert isinstance(objects[0]["first_frame"], int)
