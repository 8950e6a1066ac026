"""Routes beside the pages: uploads in pieces, media with ranges, exports, health."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from starlette.testclient import TestClient

from avce.video.read import frame_at, read_frames
from tests.dashboard.seeding import FRAMES, Seeded, seed_poster
from workers import client


def test_a_poster_figure_that_is_not_there_is_a_404_in_words(web: TestClient) -> None:
    answer = web.get("/export/poster/nosuch.svg")
    assert answer.status_code == 404
    assert "does not exist" in answer.json()["error"]


def test_a_poster_figure_comes_under_the_videos_name_in_its_own_type(web: TestClient, seeded: Seeded) -> None:
    poster_id = seed_poster(seeded)
    for kind, media in (("svg", "image/svg+xml"), ("zip", "application/zip")):
        answer = web.get(f"/export/poster/{poster_id}.{kind}")
        assert answer.headers["content-type"].startswith(media)
        assert (
            answer.headers["content-disposition"] == f'attachment; filename="seeded-clip.mp4-poster.{kind}"'
        )
    assert web.get(f"/export/poster/{poster_id}.png?show").headers["content-disposition"].startswith("inline")
    assert web.get(f"/export/poster/{poster_id}.exe").status_code == 404


def test_a_video_is_served_in_ranges(web: TestClient, seeded: Seeded) -> None:
    whole = client.video_path(seeded.video_id).read_bytes()
    part = web.get(f"/api/media/video/{seeded.video_id}", headers={"Range": "bytes=10-19"})
    assert part.status_code == 206
    assert part.content == whole[10:20]
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole)}"
    assert part.headers["content-type"].startswith("video/")


def test_a_frame_is_the_very_picture_that_was_asked_for(web: TestClient, seeded: Seeded) -> None:
    import cv2
    import numpy as np

    answer = web.get(f"/api/media/frame/{seeded.video_id}/37")
    got = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR_RGB).astype(int)
    wanted = frame_at(client.video_path(seeded.video_id), 37).rgb_u8.astype(int)
    assert np.abs(got - wanted).mean() < 3  # JPEG's loss; the disc alone moves by more between frames


def test_a_moment_is_handed_out_as_a_clip(web: TestClient, seeded: Seeded, tmp_path: Path) -> None:
    answer = web.get(f"/api/media/clip/{seeded.video_id}.mp4?start_s=0.4&stop_s=1.0")
    (tmp_path / "clip.mp4").write_bytes(answer.content)
    assert answer.headers["content-type"] == "video/mp4"
    assert "seeded-clip.mp4-0.40-1.00s.mp4" in answer.headers["content-disposition"]
    frames = list(read_frames(tmp_path / "clip.mp4"))
    assert [frame.pts_ms for frame in frames] == pytest.approx([40 * n for n in range(15)], abs=0.1)


@pytest.mark.parametrize(
    ("times", "status", "words"),
    [
        ("start_s=x&stop_s=1", 422, "two numbers, got 'x'"),
        ("start_s=0", 422, "two numbers"),
        ("start_s=nan&stop_s=1", 404, "in order"),
        ("start_s=2&stop_s=1", 404, "in order"),
        ("start_s=0&stop_s=61", 404, "at most 60 s"),
        ("start_s=50&stop_s=51", 404, "choose a range inside"),
    ],
)
def test_a_clip_of_nothing_or_of_too_much_is_refused(
    web: TestClient, seeded: Seeded, times: str, status: int, words: str
) -> None:
    answer = web.get(f"/api/media/clip/{seeded.video_id}.mp4?{times}")
    assert (answer.status_code, words in answer.json()["error"]) == (status, True)


@pytest.mark.parametrize("width", ["0", "abc", "99999"])
def test_a_width_that_makes_no_sense_is_refused(web: TestClient, seeded: Seeded, width: str) -> None:
    assert web.get(f"/api/media/frame/{seeded.video_id}/0?width={width}").status_code == 422


def test_a_trajectory_has_one_row_for_each_decoded_frame(web: TestClient, seeded: Seeded) -> None:
    answer = web.get(f"/export/trajectory/{seeded.analysis_id}/{seeded.run_ids[1]}.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert list(rows[0]) == [
        "frame",
        "pts_ms",
        "track",
        "state",
        "valence",
        "arousal",
        "confidence",
        "x0",
        "y0",
        "x1",
        "y1",
    ]
    assert [int(row["frame"]) for row in rows] == list(range(FRAMES))
    assert all(row["valence"] == "" for row in rows if row["state"] == "no_face")
    assert (
        answer.headers["content-disposition"]
        == 'attachment; filename="seeded-clip.mp4-Seeded-avce-trajectory.csv"'
    )


def test_events_are_a_csv_with_the_columns_of_the_command(web: TestClient, seeded: Seeded) -> None:
    answer = web.get(f"/export/events/{seeded.analysis_id}/{seeded.run_ids[0]}.csv")
    lines = answer.text.splitlines()
    assert lines[0] == "kind,axis,quadrant,track,first_frame,last_frame,start_ms,end_ms,duration_s,value"
    assert any(line.startswith("peak,valence,") for line in lines)
    assert answer.headers["content-disposition"].endswith('-events.csv"')
    assert web.get(f"/export/events/{seeded.analysis_id}/none.csv").status_code == 404


@pytest.mark.parametrize("kind", ["csv", "parquet", "json"])
def test_a_full_trajectory_has_the_band_and_what_is_asked_for(
    web: TestClient, seeded: Seeded, kind: str
) -> None:
    url = f"/export/trajectory/{seeded.analysis_id}/{seeded.run_ids[1]}/full.{kind}"
    read = {"csv": pd.read_csv, "parquet": pd.read_parquet, "json": pd.read_json}[kind]
    plain, more = (
        read(io.BytesIO(web.get(url + query).content)) for query in ("", "?smooth_s=0.4&calibrated=1")
    )
    assert list(plain)[-4:] == ["valence_low", "valence_high", "arousal_low", "arousal_high"]
    assert list(more) == [
        *plain, "valence_smoothed", "arousal_smoothed", "valence_calibrated", "arousal_calibrated",
    ]  # fmt: skip
    assert more["frame"].tolist() == plain["frame"].tolist() == list(range(FRAMES))
    seen = plain["valence"].notna()
    assert more["valence_smoothed"].notna().equals(seen)
    assert abs(more["valence_smoothed"] - plain["valence"])[seen].max() > 0.001
    assert web.get(url + "?smooth_s=x").status_code == 422


def test_a_format_that_is_not_offered_is_refused(web: TestClient, seeded: Seeded) -> None:
    answer = web.get(f"/export/trajectory/{seeded.analysis_id}/{seeded.run_ids[1]}/full.xlsx")
    assert (answer.status_code, "expected one of csv, parquet, json" in answer.json()["error"]) == (404, True)


def test_predictions_stand_beside_their_labels(web: TestClient, seeded: Seeded) -> None:
    rows = list(
        csv.DictReader(io.StringIO(web.get(f"/export/predictions/{seeded.evaluation_ids[0]}.csv").text))
    )
    assert len(rows) == 60
    assert {"valence", "pred_valence", "subject"} <= set(rows[0])


@pytest.mark.parametrize(
    "url",
    [
        "/api/media/video/none",
        "/api/media/frame/none/0",
        "/api/media/map/none",
        "/export/trajectory/none/none.csv",
    ],
)
def test_what_is_not_there_is_a_404_with_a_reason(web: TestClient, url: str) -> None:
    answer = web.get(url)
    assert answer.status_code == 404
    assert "does not exist" in answer.json()["error"]


def test_health_names_each_part(web: TestClient) -> None:
    answer = web.get("/health")
    assert set(answer.json()) == {"status", "database", "broker", "files", "starter model"}
    assert answer.json()["database"] == "ok"
