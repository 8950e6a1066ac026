"""The figures of video analysis, on clips of two seconds and few rows."""

from __future__ import annotations

import itertools
import json
from contextlib import nullcontext

import numpy as np
import pytest

from avce.video.read import read_frames
from benchmarks import video


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return video._draw(tmp_path_factory.mktemp("drawn") / "small", width=320, height=240, seconds=2)


def test_a_part_is_added_to_what_the_file_holds_and_says_what_it_left_out(
    tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(video, "POINTS", 500)
    monkeypatch.setattr(video, "postgres_server", lambda: nullcontext(None))
    path = tmp_path / "figures.json"
    path.write_text(json.dumps({"schema": 1, "figures": {"fps": 3.0}}))
    video.main(["--only", "insert", "--json", str(path)])
    figures = json.loads(path.read_text())["figures"]
    assert figures.pop("insert_108k_s") > 0
    assert figures == {"fps": 3.0}
    assert "insert_108k_postgres_s left out" in capsys.readouterr().out


def test_inserting_leaves_nothing_of_its_own_in_the_database(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(video, "POINTS", 500)
    address = f"sqlite:///{tmp_path}/points.db"
    assert video._insert(address) > 0
    assert video._insert(address) > 0  # the same keys again: nothing was left behind


def test_followed_boxes_are_held_against_detection_on_each_frame(clip, monkeypatch) -> None:
    found = video._track_iou(clip)
    assert 0.85 <= found <= 1
    monkeypatch.setattr(video, "iou", lambda *_: 0.25)
    assert video._track_iou(clip) == 0.25


def test_a_clip_is_made_longer_forwards_and_backwards_without_a_jump(clip, tmp_path) -> None:
    frames = [frame.rgb_u8.astype(np.int16) for frame in read_frames(clip)]
    longer = [
        frame.rgb_u8.astype(np.int16)
        for frame in read_frames(video._repeat(clip, tmp_path / "l.mp4", seconds=5))
    ]
    assert len(longer) == 125
    steps = [np.abs(b - a).mean() for a, b in itertools.pairwise(longer)]
    largest = max(np.abs(b - a).mean() for a, b in itertools.pairwise(frames))
    assert max(steps) <= largest + 2  # the encoder's own noise
