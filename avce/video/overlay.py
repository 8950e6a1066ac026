"""Write a video with what was found drawn into it: boxes, values and a dot on the circumplex. Torch-free.

Each picture keeps the distance in time that it has in the original, and the sound is copied along.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from itertools import groupby
from pathlib import Path

import av
import cv2
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from numpy.typing import NDArray

from avce.errors import DataError
from avce.progress import Reporter
from avce.video.points import Point, Values
from avce.video.read import Frame, read_frames
from avce.video.states import FrameState
from avce.video.timeline import IMAGE_SUFFIXES, open_video, read_timeline

Rgb = tuple[int, int, int]

TRACK_COLOURS: tuple[Rgb, ...] = (
    (0, 114, 178),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (86, 180, 233),
    (213, 94, 0),
)  # fmt: skip
"""Okabe and Ito's colours, told apart by every eye."""

TICK = Fraction(1, 90_000)
COPIED_SOUND = frozenset({"aac", "ac3", "alac", "mp3", "opus"})
TRAIL = 25
"""How many values the trail on the circumplex keeps."""


class Painter:
    """Draws one predictor's values; remembers the last values of each track for its trail.

    Args:
        predictor: Which predictor's values to draw.
    """

    def __init__(self, *, predictor: int = 0) -> None:
        self.predictor = predictor
        self._trails: dict[int, deque[Values]] = {}

    def paint(self, frame_rgb_u8: NDArray[np.uint8], points: Iterable[Point]) -> NDArray[np.uint8]:
        """A copy of a picture with its points drawn.

        Args:
            frame_rgb_u8: Shape ``(h, w, 3)``.
            points: The rows of this frame.
        """
        picture = np.ascontiguousarray(frame_rgb_u8).copy()
        unit = max(min(picture.shape[:2]) / 480, 0.4)
        rows = list(points)
        for point in rows:
            self._remember(point)
            if point.box is not None:
                self._paint_box(picture, point, unit)
        self._paint_circumplex(picture, rows)
        return picture

    def _remember(self, point: Point) -> None:
        if point.track is None:
            # Nobody is there: trails must not jump over the gap.
            self._trails.clear()
            return
        values = self._values(point)
        if values is not None:
            self._trails.setdefault(point.track, deque(maxlen=TRAIL)).append(values)
        elif point.box is None:
            self._trails.pop(point.track, None)

    def _values(self, point: Point) -> Values | None:
        return point.values[self.predictor] if point.values else None

    def _paint_box(self, picture: NDArray[np.uint8], point: Point, unit: float) -> None:
        x0, y0, x1, y1 = (round(edge) for edge in point.box or (0, 0, 0, 0))
        is_good = point.state in {FrameState.DETECTED, FrameState.TRACKED}
        colour = _colour(point.track) if is_good else (150, 150, 150)
        cv2.rectangle(picture, (x0, y0), (x1, y1), colour, max(round(2 * unit), 1), cv2.LINE_AA)
        values = self._values(point)
        text = f"#{point.track}"
        text += f"  V {values[0]:+.2f}  A {values[1]:+.2f}" if values else f"  {point.state.value}"
        place = (x0, y0 - round(6 * unit) if y0 > 20 * unit else y1 + round(18 * unit))
        for shade, width in (((0, 0, 0), 3), (colour, 1)):
            cv2.putText(
                picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5 * unit, shade,
                max(round(width * unit), 1), cv2.LINE_AA,
            )  # fmt: skip

    def _paint_circumplex(self, picture: NDArray[np.uint8], points: list[Point]) -> None:
        """Plane of valence (to the right) and arousal (up) in the lower right corner."""
        height, width = picture.shape[:2]
        radius = round(min(height, width) * 0.14)
        if radius < 8:
            return
        centre = (width - radius - radius // 4, height - radius - radius // 4)
        shaded = picture.copy()
        cv2.circle(shaded, centre, radius + 2, (20, 20, 20), -1, cv2.LINE_AA)
        cv2.addWeighted(shaded, 0.6, picture, 0.4, 0, dst=picture)
        cv2.circle(picture, centre, radius, (230, 230, 230), 1, cv2.LINE_AA)
        for x, y in ((radius, 0), (0, radius)):
            ends = (centre[0] - x, centre[1] - y), (centre[0] + x, centre[1] + y)
            cv2.line(picture, *ends, (140, 140, 140), 1, cv2.LINE_AA)
        for point in points:
            values = self._values(point)
            if point.track is None or values is None:
                continue
            trail = [
                (round(centre[0] + radius * v), round(centre[1] - radius * a))
                for v, a in self._trails[point.track]
            ]
            cv2.polylines(picture, [np.array(trail, np.int32)], False, _colour(point.track), 1, cv2.LINE_AA)  # noqa: FBT003
            cv2.circle(picture, trail[-1], max(radius // 12, 2), _colour(point.track), -1, cv2.LINE_AA)


def write_overlay(
    video: Path | str,
    points: Iterable[Point],
    out: Path | str,
    *,
    predictor: int = 0,
    reporter: Reporter | None = None,
) -> Path:
    """Write an mp4 of the analysed frames with their points drawn.

    Args:
        video: The video that was analysed.
        points: Its rows in order of frames; frames without rows are left out, so a range gives a clip.
        out: File to write.
        predictor: Which predictor's values to draw.
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
    with ExitStack() as stack:
        container = stack.enter_context(av.open(str(out), "w", format="mp4"))
        writer = _Writer(container, first[0], _Sound.beside(stack, video, container, first[0].pts_ms))
        for done, (frame, rows) in enumerate(_with_first(first, pairs), 1):
            writer.write(painter.paint(frame.rgb_u8, rows), frame.pts_ms)
            reporter.progress(done, None)
        writer.finish()
    return out


def _with_first(
    first: tuple[Frame, list[Point]], others: Iterator[tuple[Frame, list[Point]]]
) -> Iterator[tuple[Frame, list[Point]]]:
    yield first
    yield from others


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


class _Sound:
    """Packets of the original's sound, handed out as time goes on."""

    def __init__(
        self, source: InputContainer, stream: AudioStream, target: AudioStream, start_ms: float
    ) -> None:
        self._packets = source.demux(stream)
        self._target = target
        self._start_ms = start_ms
        self._origin_s = max(source.start_time or 0, 0) / av.time_base
        self._next: tuple[float, Packet[AudioStream]] | None = None

    @classmethod
    def beside(cls, stack: ExitStack, video: Path, out: OutputContainer, start_ms: float) -> _Sound | None:
        """The sound of a video, if it has some that an mp4 can hold."""
        if not video.is_file() or not _is_container(video):
            return None
        source, _ = stack.enter_context(open_video(video))
        for stream in source.streams.audio:
            if stream.codec_context.name in COPIED_SOUND:
                return cls(source, stream, out.add_stream_from_template(stream), start_ms)
        return None

    def until(self, time_ms: float) -> Iterator[Packet[AudioStream]]:
        """Packets that begin before a time since the first picture."""
        while True:
            if self._next is None:
                self._next = self._read()
            if self._next is None or self._next[0] >= time_ms:
                return
            yield self._next[1]
            self._next = None

    def _read(self) -> tuple[float, Packet[AudioStream]] | None:
        try:
            for packet in self._packets:
                if packet.pts is None or packet.dts is None or packet.size == 0:
                    continue
                base = packet.time_base
                since_ms = 1000 * (float(packet.pts * base) - self._origin_s) - self._start_ms
                if since_ms < 0:
                    continue
                shift = round((self._start_ms / 1000 + self._origin_s) / base)
                packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                packet.stream = self._target
                return since_ms, packet
        except av.error.FFmpegError:
            return None
        return None


class _Writer:
    def __init__(self, container: OutputContainer, first: Frame, sound: _Sound | None) -> None:
        height, width = first.rgb_u8.shape[:2]
        self._container, self._sound, self._start_ms = container, sound, first.pts_ms
        self._stream = container.add_stream("libx264", rate=25, options={"preset": "veryfast", "crf": "20"})
        self._stream.width, self._stream.height = width + width % 2, height + height % 2
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = TICK
        self._last = -1

    def write(self, rgb: NDArray[np.uint8], pts_ms: float) -> None:
        height, width = rgb.shape[:2]
        wanted = (self._stream.height, self._stream.width)
        if (height, width) != wanted:
            # The codec wants even sides; a size that changes midway is brought to the first one.
            rgb = (
                np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
                if (height + height % 2, width + width % 2) == wanted
                else np.asarray(cv2.resize(rgb, wanted[::-1]), np.uint8)
            )
        picture = av.VideoFrame.from_ndarray(rgb, format="rgb24")
        since_ms = pts_ms - self._start_ms
        self._last = max(self._last + 1, round(since_ms / 1000 / TICK))
        picture.pts, picture.time_base = self._last, TICK
        self._container.mux(self._stream.encode(picture))
        if self._sound is not None:
            for packet in self._sound.until(since_ms):
                self._container.mux(packet)

    def finish(self) -> None:
        self._container.mux(self._stream.encode(None))
        if self._sound is not None:
            for packet in self._sound.until(1000 * float(self._last * TICK) + 40):
                self._container.mux(packet)


def _is_container(video: Path) -> bool:
    """Whether it is a video with a time line, not a single picture."""
    return video.suffix.lower() not in IMAGE_SUFFIXES and bool(len(read_timeline(video).pts))


def _colour(track: int | None) -> Rgb:
    return TRACK_COLOURS[((track or 1) - 1) % len(TRACK_COLOURS)]
