"""A stretch of a video as a file of its own: to the frame, with its sound, from zero."""

from __future__ import annotations

import av
import pytest
from video_clips import grey, write_clip

from avce.errors import OptionError
from avce.video import clip as clips
from avce.video.read import probe, read_frames


def test_a_clip_holds_the_frames_of_its_range_and_their_sound(tmp_path):
    video = write_clip(tmp_path / "a.mp4", [grey(8 * n) for n in range(30)], sound=True)
    out = clips.write_clip(video, tmp_path / "out.mp4", start_s=0.4, stop_s=0.8)
    frames = list(read_frames(out))
    assert [frame.pts_ms for frame in frames] == pytest.approx([40 * n for n in range(10)], abs=0.1)
    assert [round(float(frame.rgb_u8.mean()) / 8) for frame in frames] == list(range(10, 20))
    with av.open(str(out)) as container:
        sound_s = sum(frame.samples for frame in container.decode(audio=0)) / 16000
    assert sound_s == pytest.approx(0.4, abs=0.13)  # two packets of 64 ms


def test_uneven_times_stay_uneven(tmp_path):
    video = write_clip(tmp_path / "a.mp4", [grey(9 * n) for n in range(5)], times_ms=[0, 100, 130, 500, 900])
    out = clips.write_clip(video, tmp_path / "out.mp4", start_s=0.1, stop_s=0.9)
    assert [frame.pts_ms for frame in read_frames(out)] == pytest.approx([0, 30, 400], abs=0.1)


def test_large_pictures_are_scaled_down(tmp_path, monkeypatch):
    monkeypatch.setattr(clips, "LONGEST_PX", 33)
    video = write_clip(tmp_path / "a.mp4", [grey(50)] * 3)
    info = probe(clips.write_clip(video, tmp_path / "out.mp4", start_s=0, stop_s=9))
    assert (info.width, info.height) == (34, 26), "33 x 25, with even sides"


@pytest.mark.parametrize(("start_s", "stop_s"), [(5, 6), (0.2, 0.2), (0.3, 0.1)])
def test_a_range_without_frames_is_refused(tmp_path, start_s, stop_s):
    video = write_clip(tmp_path / "a.mp4", [grey(1)] * 10)
    with pytest.raises(OptionError, match=r"a\.mp4: expected frames from"):
        clips.write_clip(video, tmp_path / "out.mp4", start_s=start_s, stop_s=stop_s)
