"""Reading: own times, upright pictures, damaged files, and clear words for what cannot be read."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import cv2
import numpy as np
import pytest
from video_clips import grey, noise, write_clip, write_sound

from avce.video.read import VideoError, frame_at, probe, read_frames


def test_every_frame_keeps_its_own_time_at_a_variable_rate(tmp_path):
    times = [0, 40, 50, 200, 1000, 1033, 2000]
    clip = write_clip(tmp_path / "a.mp4", [grey(30 * n) for n in range(7)], times_ms=times)
    frames = list(read_frames(clip))
    assert [frame.pts_ms for frame in frames] == pytest.approx(times, abs=0.5)
    assert [frame.index for frame in frames] == list(range(7))
    info = probe(clip)
    assert info.is_variable_rate
    assert info.frames == 7


def test_pictures_are_turned_upright_as_a_player_would(tmp_path):
    picture = grey(0)
    picture[:24, :32] = 255  # white corner at the top left of a 64 x 48 picture
    plain = write_clip(tmp_path / "plain.mp4", [picture] * 3)
    turned = write_clip(tmp_path / "turned.mp4", [picture] * 3, rotation=90)
    assert frame_at(plain, 0).rgb_u8.shape == (48, 64, 3)
    upright = frame_at(turned, 0).rgb_u8
    assert upright.shape == (64, 48, 3)
    assert (probe(turned).width, probe(turned).height) == (48, 64)
    # a turn by 90 degrees against the clock brings the top left corner to the bottom left
    assert upright[40:, :20].mean() > 200
    assert upright[:24].mean() < 50


def test_wide_pixels_are_made_square(tmp_path):
    clip = write_clip(tmp_path / "wide.mkv", [grey(9)] * 3, sample_ratio=Fraction(2, 1))
    assert next(iter(read_frames(clip))).rgb_u8.shape == (48, 128, 3)


def test_any_frame_can_be_fetched_and_equals_the_one_read_in_order(tmp_path):
    clip = write_clip(tmp_path / "a.mp4", noise(40, 64, 48), gop=10)
    frames = list(read_frames(clip))
    for index in (0, 1, 9, 10, 11, 29, 39):
        fetched = frame_at(clip, index)
        assert fetched.index == index
        assert fetched.pts_ms == frames[index].pts_ms
        np.testing.assert_array_equal(fetched.rgb_u8, frames[index].rgb_u8)
    with pytest.raises(VideoError, match="from 0 to 39, got 40"):
        frame_at(clip, 40)


def test_a_range_holds_the_frames_between_its_times_with_their_true_numbers(tmp_path):
    clip = write_clip(tmp_path / "a.mp4", noise(50, 64, 48), gop=10)
    assert [frame.index for frame in read_frames(clip, start_s=0.5, stop_s=0.8)] == list(range(13, 20))
    assert list(read_frames(clip, start_s=100)) == []


def test_a_cut_off_file_gives_what_it_still_holds(tmp_path):
    whole = write_clip(tmp_path / "whole.mkv", noise(40))
    broken = tmp_path / "broken.mkv"
    data = whole.read_bytes()
    broken.write_bytes(data[: len(data) // 2])
    reader = read_frames(broken)
    frames = list(reader)
    assert 5 < len(frames) < 40
    assert [frame.index for frame in frames] == list(range(len(frames)))
    info = probe(broken)
    assert info.frames >= len(frames)
    assert "the header promises 1.60 s" in info.note
    assert f"breaks off after picture {frames[-1].index}" in reader.losses[-1]


def test_a_last_picture_that_stands_long_is_no_damage(tmp_path):
    clip = write_clip(tmp_path / "a.mkv", [grey(9 * n) for n in range(4)], times_ms=[0, 100, 3000, 9000])
    assert probe(clip).note == ""
    reader = read_frames(clip)
    assert len(list(reader)) == 4
    assert reader.losses == []


def test_damage_in_the_middle_is_passed_over_and_told(tmp_path):
    whole = write_clip(tmp_path / "whole.mp4", noise(60), gop=5)
    data = bytearray(whole.read_bytes())
    third = len(data) // 3
    data[third : third + len(data) // 10] = bytes(len(data) // 10)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(data)
    reader = read_frames(broken)
    frames = list(reader)
    assert frames[-1].index >= 55, "the part behind the damage is still read"
    assert len(frames) >= 40
    if len(frames) < 60:
        assert "damaged data after" in reader.losses[0]


def test_sound_only_is_named_as_such(tmp_path):
    with pytest.raises(VideoError, match=r"song\.mp4: expected a video stream, found sound only"):
        probe(write_sound(tmp_path / "song.mp4"))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.mp4", b"", "is empty"),
        ("text.mp4", b"hello, I am no video\n" * 50, "cannot be opened"),
        (
            "list.mp4",
            b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/hostname\n",
            "cannot be opened",
        ),
        ("list.txt", b"ffconcat version 1.0\nfile whole.mp4\n", "cannot be opened"),
        ("bad.png", b"no picture", "none can be decoded"),
    ],
)
def test_what_is_no_video_ends_in_one_clear_line(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(VideoError, match=words) as caught:
        probe(path)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(VideoError, match=r"gone\.mp4"):
        probe(tmp_path / "gone.mp4")


def test_the_extension_does_not_matter(tmp_path):
    clip = write_clip(tmp_path / "a.mp4", [grey(1)] * 4)
    renamed = clip.rename(tmp_path / "a.dat")
    assert probe(renamed).frames == 4


def test_one_frame_is_a_video(tmp_path):
    info = probe(write_clip(tmp_path / "one.mp4", [grey(1)]))
    assert (info.frames, info.width, info.height) == (1, 64, 48)
    assert info.duration_s > 0


def test_sound_beside_pictures_does_not_disturb(tmp_path):
    clip = write_clip(tmp_path / "a.mp4", [grey(1)] * 10, sound=True)
    assert probe(clip).has_audio
    assert len(list(read_frames(clip))) == 10


def test_a_folder_of_pictures_is_read_in_natural_order(tmp_path):
    for number in (10, 2, 1):
        cv2.imwrite(str(tmp_path / f"{number}.png"), grey(number * 10))
    frames = list(read_frames(tmp_path))
    assert [int(frame.rgb_u8[0, 0, 0]) for frame in frames] == [10, 20, 100]
    assert [frame.pts_ms for frame in frames] == [0, 40, 80]
    assert probe(tmp_path).frames == 3
    assert frame_at(tmp_path, 2).index == 2
    assert probe(tmp_path / "1.png").frames == 1


def test_a_picture_of_one_pixel_is_read(tmp_path):
    cv2.imwrite(str(tmp_path / "dot.png"), grey(7, 1, 1))
    assert next(iter(read_frames(tmp_path / "dot.png"))).rgb_u8.shape == (1, 1, 3)


def test_reading_needs_no_torch():
    code = "import sys, avce.video.read, avce.video.states, avce.faces.detect, avce.faces.track, avce.faces.crop;"
    subprocess.run([sys.executable, "-c", code + "sys.exit('torch' in sys.modules)"], check=True)
