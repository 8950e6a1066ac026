"""What the benchmark of the pages writes, and how it sums up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks._filling import CURVES, Size, fill
from benchmarks._pages import Samples
from benchmarks.dashboard import INTERACTIONS
from dashboard.navigation import PAGES
from tests.homes import own_home
from workers import client

SIZE = Size(runs=20, metric_points=4_000, videos=4, trajectory_points=4_000)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small home, filled as the benchmark fills a large one."""
    with own_home(tmp_path_factory.mktemp("filled")) as folder:
        fill(folder, SIZE)
        yield folder


@pytest.mark.usefixtures("filled")
def test_a_filled_home_holds_as_many_rows_as_asked_for() -> None:
    counts = client.counts()
    assert (counts["runs"], counts["evaluations"], counts["analyses"]) == (20, 20, 4)
    run = client.list_runs(limit=1)[0]
    assert len(client.metric_points(run.id)) * SIZE.runs == SIZE.metric_points
    analysis = client.list_analyses()[0]
    assert len(client.trajectory(analysis.id)) * SIZE.videos == SIZE.trajectory_points
    assert set(client.metric_points(run.id)["name"]) == set(CURVES)


@pytest.mark.usefixtures("filled")
def test_what_was_filled_in_can_be_compared_and_played() -> None:
    first, second = client.list_evaluations()[:2]
    tables = [client.evaluation_predictions(item.id) for item in (first, second)]
    assert tables[0]["valence"].equals(tables[1]["valence"])
    video = client.list_videos()[0]
    assert client.frame_jpeg(video.id, video.frames - 1).startswith(b"\xff\xd8")


def test_every_interaction_is_on_a_page() -> None:
    assert {path.split("?")[0] for path in INTERACTIONS} <= {entry.name for entry in PAGES}


def test_a_page_that_never_settles_is_an_error_and_no_time() -> None:
    samples = Samples()
    samples.add("runs", 0.5)
    samples.add("runs", None)
    assert samples.times == {"runs": [0.5]}
    assert samples.errors == ["runs: did not settle within 20 s"]
    assert samples.table() == [{"name": "runs", "median_s": 0.5, "p95_s": 0.5, "busy_s": 0.0, "n": 1}]
