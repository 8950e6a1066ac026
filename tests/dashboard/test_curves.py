"""Curves of an analysis: thinned for the page, any stretch in full by the route."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from sqlalchemy import insert
from starlette.testclient import TestClient

from dashboard.charts import Series
from dashboard.components.player import player_data
from dashboard.curves import MOST_IN_FULL, OVERVIEW, View, read, read_once
from tests.dashboard.seeding import FRAMES, Seeded
from workers import client
from workers.store.files import file_store
from workers.store.session import writing
from workers.store.tables import TrajectoryPoint

HOUR = 108_000
SPIKE = 71_234
"""A frame with a value of its own, one frame long."""


@pytest.fixture(scope="module")
def hour(seeded: Seeded) -> str:
    """An analysis of one hour at 30 frames per second, by one run."""
    job = client.analyze(seeded.video_id, [seeded.run_ids[0]])
    at = np.arange(HOUR)
    valence = 0.5 * np.sin(at / 900)
    valence[SPIKE] = 0.98
    shared = {
        "analysis_id": job.analysis_id, "run_id": seeded.run_ids[0], "track": 1, "state": "detected", "arousal": 0.1,
        "confidence": 0.9, "x0": 1.0, "y0": 1.0, "x1": 50.0, "y1": 50.0,
    }  # fmt: skip
    with writing() as session:
        rows = [
            {**shared, "frame": i, "pts_ms": i * 1000 / 30, "valence": float(valence[i])} for i in range(HOUR)
        ]
        session.execute(insert(TrajectoryPoint), rows)
    return str(job.analysis_id)


def page_data(analysis_id: str, view: View) -> dict:
    curves = read_once(view)
    assert curves is not None
    series = {run: Series(run) for run in curves.raw}
    return player_data(client.get_analysis(analysis_id), curves, series, {}, stretch_url="/x?")


def test_an_hour_of_video_reaches_the_page_in_a_few_thousand_points_with_its_peak(hour: str) -> None:
    data = page_data(hour, View(hour))
    frames = data["points"]["frames"]
    assert len(frames) <= OVERVIEW + 2
    assert data["points"]["runs"][0]["valence"][frames.index(SPIKE)] == 0.98
    assert (frames[0], frames[-1]) == (0, HOUR - 1)
    assert data["stretch_url"]
    assert len(json.dumps(data)) < 600_000


def test_any_stretch_of_an_hour_comes_in_full(web: TestClient, hour: str) -> None:
    answer = web.get(f"/api/trajectory/{hour}?track=-1&first=71000&last=72999")
    points = answer.json()
    assert points["frames"] == list(range(71_000, 73_000))
    assert points["runs"][0]["valence"][SPIKE - 71_000] == 0.98
    assert {len(points[name]) for name in ("times", "boxes", "track", "state")} == {2000}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422),
        ("?first=a&last=3", 422),
        ("?first=5&last=3", 422),
        (f"?first=0&last={MOST_IN_FULL}", 422),
        ("?first=0&last=3&smooth_s=x", 422),
    ],
)
def test_a_bad_stretch_is_refused_in_words(web: TestClient, seeded: Seeded, query: str, status: int) -> None:
    answer = web.get(f"/api/trajectory/{seeded.analysis_id}{query}")
    assert answer.status_code == status
    assert "expected" in answer.json()["error"]


def test_a_stretch_of_no_analysis_is_a_404(web: TestClient) -> None:
    assert web.get("/api/trajectory/nosuch?first=0&last=3").status_code == 404


def test_a_short_video_is_sent_whole_and_asks_for_nothing_more(seeded: Seeded) -> None:
    data = page_data(seeded.analysis_id, View(seeded.analysis_id))
    assert data["points"]["frames"] == list(range(FRAMES))
    assert data["stretch_url"] == ""
    assert [look["kind"] for look in data["looks"]] == ["model", "model"]


def test_labels_are_a_grey_curve_of_their_own(seeded: Seeded) -> None:
    client.set_labels(
        seeded.video_id, file_store().put(io.BytesIO(b"frame,valence,arousal\n3,0.5,-0.5\n"), "a.csv")
    )
    try:
        data = page_data(seeded.analysis_id, View(seeded.analysis_id, version="labelled"))
    finally:
        client.clear_labels(seeded.video_id)
    assert [look["kind"] for look in data["looks"]] == ["model", "model", "label"]
    assert data["points"]["runs"][2]["valence"][2:5] == [None, 0.5, None]


def test_smoothing_changes_what_is_shown_and_never_the_values(seeded: Seeded) -> None:
    plain, smooth = read(View(seeded.analysis_id)), read(View(seeded.analysis_id, smooth_s=0.4))
    assert plain is not None
    assert smooth is not None
    for run, table in plain.raw.items():
        assert smooth.raw[run]["valence"].equals(table["valence"])
        assert smooth.raw[run]["arousal"].equals(table["arousal"])
        assert not smooth.shown[run]["valence"].equals(table["valence"])


def test_corrected_faces_make_another_view() -> None:
    assert View("a", version="1") != View("a", version="2")
