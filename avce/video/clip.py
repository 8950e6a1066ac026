"""Cut a stretch out of a video, to the frame, as an mp4 with its sound. Torch-free."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

from avce.errors import OptionError
from avce.progress import Reporter
from avce.video.encode import Mp4Writer
from avce.video.read import read_frames

LONGEST_PX = 1920
"""Larger pictures are scaled down: a clip is to be shown and sent."""


def write_clip(
    video: Path | str,
    out: Path | str,
    *,
    start_s: float,
    stop_s: float,
    reporter: Reporter | None = None,
) -> Path:
    """Write the frames from one time to another, which begin at 0 in the clip.

    Args:
        video: Any video that can be read.
        out: File to write.
        start_s: The first frame is the first from this time on.
        stop_s: The last frame is the last before this time.
        reporter: Told of every frame; may stop the work.

    Returns:
        ``out``.

    Raises:
        OptionError: No frame lies between the times.
        VideoError: The video cannot be decoded.
    """
    video, out = Path(video), Path(out)
    reporter = reporter or Reporter()
    frames = iter(read_frames(video, start_s=start_s, stop_s=stop_s)) if start_s < stop_s else iter(())
    first = next(frames, None)
    if first is None:
        raise OptionError(
            f"{video.name}: expected frames from {start_s:g} to {stop_s:g} s, found none; choose a range inside the video"
        )
    with Mp4Writer(out, video, first, longest_px=LONGEST_PX) as writer:
        for done, frame in enumerate(chain([first], frames), 1):
            writer.write(frame.rgb_u8, frame.pts_ms)
            reporter.progress(done, None)
    return out
