"""Write a video with what was found drawn into it: boxes, values, a dot on the circumplex, curves. Torch-free.

Each picture keeps the distance in time that it has in the original, and the sound is copied along.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from pathlib import Path

from avce.errors import DataError
from avce.progress import Reporter
from avce.video.encode import Mp4Writer
from avce.video.painter import Painter
from avce.video.points import Point
from avce.video.read import Frame, read_frames


def write_overlay(
    video: Path | str,
    points: Iterable[Point],
    out: Path | str,
    *,
    predictor: int = 0,
    frames: int | None = None,
    reporter: Reporter | None = None,
) -> Path:
    """Write an mp4 of the analysed frames with their points drawn.

    Args:
        video: The video that was analysed.
        points: Its rows in order of frames; frames without rows are left out, so a range gives a clip.
        out: File to write.
        predictor: Which predictor's values to draw.
        frames: How many will be drawn, where it is known; for the reporter.
        reporter: Told of every frame; may stop the work.

    Returns:
        ``out``.

    Raises:
        VideoError: The video cannot be decoded.
        DataError: There are no points.
    """
    video, out = Path(video), Path(out)
    reporter = reporter or Reporter()
    painter = Painter(predictor=predictor)
    pairs = _frames_with_points(video, points)
    first = next(pairs, None)
    if first is None:
        raise DataError(f"{video.name}: expected points of its frames, got none; analyse the video first")
    reporter.stage("overlay")
    with Mp4Writer(out, video, first[0]) as writer:
        for done, (frame, rows) in enumerate(chain([first], pairs), 1):
            writer.write(painter.paint(frame.rgb_u8, rows), frame.pts_ms)
            reporter.progress(done, frames)
    return out


def _frames_with_points(video: Path, points: Iterable[Point]) -> Iterator[tuple[Frame, list[Point]]]:
    groups = ((number, list(rows)) for number, rows in groupby(points, key=lambda point: point.frame))
    wanted = next(groups, None)
    if wanted is None:
        return
    start_s = max(wanted[1][0].pts_ms / 1000 - 0.0005, 0.0)
    for frame in read_frames(video, start_s=start_s):
        if frame.index == wanted[0]:
            yield frame, wanted[1]
            wanted = next(groups, None)
            if wanted is None:
                return
