"""Videos that are small, huge, short, misnamed or damaged: each analysis has a clear end."""

from __future__ import annotations

import cv2
import pytest
from video_clips import grey, noise, write_clip, write_sound

from avce.errors import VideoError
from avce.options import AnalyzeOptions
from avce.progress import Reporter
from avce.video.analyze import analyze_video
from avce.video.overlay import write_overlay
from avce.video.read import probe


class Listener(Reporter):
    """Keeps what is told."""

    def __init__(self):
        self.lines = []

    def log(self, text):
        self.lines.append(text)


def analyze(path):
    points, reporter = [], Listener()
    summary = analyze_video(path, [], AnalyzeOptions(), reporter, points.extend)
    return summary, points, reporter.lines


def test_one_frame_is_a_whole_video(tmp_path):
    summary, points, lines = analyze(write_clip(tmp_path / "one.mp4", [grey(40)]))
    assert (summary.frames, [point.state.value for point in points]) == (1, ["no_face"])
    assert lines[-1] == "no face was found in any of 1 frames"


@pytest.mark.parametrize("side", [1, 2, 3])
def test_a_video_of_one_pixel_has_no_face_and_can_be_drawn_upon(tmp_path, side):
    cv2.imwrite(str(tmp_path / "dot.png"), grey(7, side, side))
    summary, points, _ = analyze(tmp_path / "dot.png")
    assert (summary.frames, summary.has_faces) == (1, False)
    assert probe(write_overlay(tmp_path / "dot.png", points, tmp_path / "out.mp4")).frames == 1


def test_a_frame_of_8k_is_read(tmp_path):
    clip = write_clip(tmp_path / "8k.mp4", [grey(40, 7680, 4320)], crf=40)
    assert analyze(clip)[0].frames == 1


def test_a_wrong_extension_does_not_matter(tmp_path):
    clip = write_clip(tmp_path / "a.mp4", noise(5)).rename(tmp_path / "a.txt")
    assert analyze(clip)[0].frames == 5


def test_damage_in_the_middle_keeps_what_decodes_and_says_from_where_it_is_lost(tmp_path):
    whole = write_clip(tmp_path / "whole.mp4", noise(60), gop=5)
    data = bytearray(whole.read_bytes())
    third = len(data) // 3
    data[third : third + len(data) // 10] = bytes(len(data) // 10)
    (tmp_path / "broken.mp4").write_bytes(data)
    summary, points, lines = analyze(tmp_path / "broken.mp4")
    assert 40 <= summary.frames < 60
    assert points[-1].frame >= 55
    assert any("damaged data after" in line for line in lines)
    assert summary.losses == [line for line in lines if "damaged data" in line]


@pytest.mark.parametrize(
    ("name", "words"), [("empty.mp4", "the file is empty"), ("text.mp4", "cannot be opened"), ("song.mp4", "sound only")]
)  # fmt: skip
def test_what_holds_no_picture_ends_in_one_line_that_names_it(tmp_path, name, words):
    path = tmp_path / name
    write_sound(path) if name == "song.mp4" else path.write_bytes(b"words " * 300 * (name == "text.mp4"))
    with pytest.raises(VideoError, match=words) as caught:
        analyze(path)
    assert str(caught.value).startswith(name)
    assert "\n" not in str(caught.value)
