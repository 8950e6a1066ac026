"""Videos and labels of unlike length, in every layout that labels each frame."""

from __future__ import annotations

import json

import pytest
from data_builders import afew_va, clip_bytes, pack, picture

from avce.data.index import open_index
from avce.data.lengths import length_findings


def told(index):
    with index.source:
        broken: list[str] = []
        return [place for item in length_findings(index, broken) for place in item.where] + broken


def affwild2_with(tmp_path, frames, labels):
    rows = "valence,arousal\n" + "0.1,0.2\n" * (labels - 1) + "-5,-5\n"
    return pack(
        tmp_path / "set.zip",
        {
            "VA_Estimation_Challenge/Train_Set/1.txt": rows,
            "batch1/1.mp4": clip_bytes(tmp_path, (128,) * frames),
        },
    )


@pytest.mark.parametrize(("frames", "labels"), [(8, 6), (6, 8), (7, 7)])
def test_affwild2_videos_are_compared_with_all_lines_discarded_ones_too(tmp_path, frames, labels):
    found = told(open_index(affwild2_with(tmp_path, frames, labels)))
    assert found == ([] if frames == labels else [f"batch1/1.mp4: {frames} frames, labels for {labels}"])


@pytest.mark.parametrize(
    ("labelled", "is_unlike"), [(range(8), False), (range(6), True), ((0, 3, 7), False), ((0, 3, 8), True)]
)
def test_rows_of_video_frames_are_compared_as_far_as_they_claim_to_be_whole(tmp_path, labelled, is_unlike):
    rows = "video,frame,valence,arousal\n" + "".join(f"a.mp4,{k},0.{k},0.1\n" for k in labelled)
    index = open_index(
        pack(tmp_path / "set.zip", {"labels.csv": rows, "a.mp4": clip_bytes(tmp_path, (128,) * 8)})
    )
    assert bool(told(index)) == is_unlike


def test_a_video_that_cannot_be_opened_is_told(tmp_path):
    rows = "video,frame,valence,arousal\na.mp4,0,0,0\n"
    found = told(open_index(pack(tmp_path / "set.zip", {"labels.csv": rows, "a.mp4": b"no video"})))
    assert "a.mp4" in found[0]


def test_afew_va_clips_with_pictures_beyond_their_labels_are_told(tmp_path):
    files = afew_va() | {"002/00003.png": picture(7, 72, ".png"), "002/00004.png": picture(8, 72, ".png")}
    short = json.loads(files["003/003.json"])
    del short["frames"]["00001"]
    index = open_index(pack(tmp_path / "set.zip", files | {"003/003.json": json.dumps(short)}))
    (note,) = [note for note in index.notes if "without a label" in note.title]
    assert note.where == ["002: 2 pictures without a label", "003: 1 pictures without a label"]
    index.source.close()
