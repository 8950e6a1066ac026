"""Read the pictures of a video, each with its own presentation time. Torch-free.

Frame rates are never assumed: ``pts_ms`` is what the file says, on the clock of a player. Frames come upright
(rotation metadata applied) and with square pixels. What a damaged file still holds is given, and what is lost
is said. A single picture, or a folder of pictures, is read as a video of one picture per 40 ms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from avce.errors import VideoError
from avce.files import natural
from avce.video.timeline import IMAGE_SUFFIXES, Timeline, open_video, read_timeline

__all__ = ["Frame", "FrameReader", "VideoError", "VideoInfo", "frame_at", "probe", "read_frames"]

PICTURE_MS = 40.0
"""Time between the pictures of a folder, which carry no time of their own."""


@dataclass(frozen=True)
class Frame:
    """One picture.

    Attributes:
        index: Position in the video, from 0; a picture that cannot be decoded leaves a hole.
        pts_ms: Presentation time in milliseconds on the player's clock.
        rgb_u8: Shape ``(h, w, 3)``.
    """

    index: int
    pts_ms: float
    rgb_u8: NDArray[np.uint8]


@dataclass(frozen=True)
class VideoInfo:
    """What a video holds.

    Attributes:
        width: Of the upright picture, in pixels.
        height: Of the upright picture, in pixels.
        fps: Mean frames per second.
        frames: Pictures in the file; 0 where the file does not say and decoding would be needed.
        duration_s: From the first picture to the end of the last.
        codec: FFmpeg's name of the codec.
        has_audio: Whether there is sound.
        is_variable_rate: Whether the gaps between pictures differ by more than 2 ms.
        note: What is wrong with the file, "" when nothing is known.
    """

    width: int
    height: int
    fps: float
    frames: int
    duration_s: float
    codec: str
    has_audio: bool
    is_variable_rate: bool
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def probe(path: Path | str) -> VideoInfo:
    """Describe a video after decoding its first picture.

    Args:
        path: Video file, picture, or folder of pictures.

    Raises:
        VideoError: Nothing in it can be decoded; the text names the file and the reason.
    """
    path = Path(path)
    pictures = _pictures(path)
    first = next(iter(read_frames(path)))
    height, width = first.rgb_u8.shape[:2]
    if pictures:
        duration_s = len(pictures) * PICTURE_MS / 1000
        return VideoInfo(
            width,
            height,
            1000 / PICTURE_MS,
            len(pictures),
            duration_s,
            "pictures",
            has_audio=False,
            is_variable_rate=False,
        )
    timeline = read_timeline(path)
    with open_video(path) as (container, stream):
        rate = float(stream.average_rate or stream.guessed_rate or 25)
        duration_s = float((container.duration or 0) / av.time_base)
        codec, has_audio = stream.codec_context.name, bool(container.streams.audio)
    frames, is_variable_rate = len(timeline.pts), False
    if frames > 1:
        gaps_s = np.diff(timeline.pts) * float(timeline.time_base)
        span_s = float(gaps_s.sum())
        is_variable_rate = bool(np.ptp(gaps_s) > 0.002)
        rate = (frames - 1) / span_s if span_s > 0 else rate
    if frames:
        duration_s = frames / rate
    note = f"reading stops after {frames} pictures: {timeline.loss}" if timeline.loss else ""
    return VideoInfo(width, height, rate, frames, duration_s, codec, has_audio, is_variable_rate, note)


_Undrawn = tuple[int, float, Callable[[], NDArray[np.uint8]]]
"""Index, pts_ms, and what makes the picture."""


class FrameReader:
    """Frames of one video in order; iterate once or again, each pass opens the file anew.

    Args:
        path: Video file, picture, or folder of pictures.
        start_s: Leave out frames before this time.
        stop_s: Leave out frames from this time on; ``None``: to the end.
        threads: Decoding threads; 0 lets FFmpeg choose.

    Attributes:
        losses: Texts about what the last pass could not decode.
    """

    def __init__(
        self, path: Path, *, start_s: float = 0.0, stop_s: float | None = None, threads: int = 1
    ) -> None:
        self.path = path
        self.start_s = start_s
        self.stop_s = stop_s
        self.threads = threads
        self.losses: list[str] = []

    def __iter__(self) -> Iterator[Frame]:
        """Decode; raises VideoError when nothing at all can be decoded."""
        self.losses = []
        pictures = _pictures(self.path)
        source = self._read_pictures(pictures) if pictures else self._read_video()
        has_decoded = False
        for index, pts_ms, to_rgb in source:
            has_decoded = True
            time_s = pts_ms / 1000
            if self.stop_s is not None and time_s >= self.stop_s:
                return
            if time_s >= self.start_s:
                # Colour conversion costs as much as decoding, so frames that are left out are spared it.
                yield Frame(index, pts_ms, to_rgb())
        if not has_decoded:
            why = f" ({self.losses[0]})" if self.losses else ""
            raise VideoError(
                f"{self.path.name}: expected pictures, but none can be decoded{why};"
                " convert the file, or upload it again"
            )

    def _read_pictures(self, pictures: list[Path]) -> Iterator[_Undrawn]:
        for index, picture in enumerate(pictures):
            bgr = (
                cv2.imdecode(np.fromfile(picture, np.uint8), cv2.IMREAD_COLOR)
                if picture.stat().st_size
                else None
            )
            if bgr is None:
                self.losses.append(f"{picture.name}: not a picture that can be decoded")
                continue
            yield index, index * PICTURE_MS, partial(_rgb_of_bgr, bgr)

    def _read_video(self) -> Iterator[_Undrawn]:
        timeline = read_timeline(self.path)
        with open_video(self.path) as (container, stream):
            stream.codec_context.thread_count = self.threads
            stream.thread_type = "AUTO"
            rate = float(stream.average_rate or stream.guessed_rate or 25)
            if self.start_s > 0 and len(timeline.pts):
                wanted = int((self.start_s + timeline.origin_s) / timeline.time_base)
                pictures = _from(container, stream, wanted, self._decode)
            else:
                pictures = self._decode(container, stream)
            pixel_ratio = float(stream.sample_aspect_ratio or 1)
            index = -1
            for picture in pictures:
                index = _index(timeline, picture.pts, index)
                ms = timeline.ms(picture.pts) if picture.pts is not None else 1000 * index / rate
                yield index, ms, partial(_upright_rgb, picture, pixel_ratio)
        if timeline.loss:
            self.losses.append(f"the file breaks off after picture {index}: {timeline.loss}")

    def _decode(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        """Frames of a stream; damaged packets are noted and skipped."""
        packets = container.demux(stream)
        after_s, failures = 0.0, 0
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                for picture in packet.decode():
                    if isinstance(picture, VideoFrame):
                        after_s = picture.time or after_s
                        yield picture
            except av.error.EOFError:
                return
            except av.error.FFmpegError as error:
                failures += 1
                if failures <= 3:
                    self.losses.append(f"damaged data after {after_s:.2f} s: {error.strerror or error}")
                if failures > 10_000:
                    return


def read_frames(
    path: Path | str, *, start_s: float = 0.0, stop_s: float | None = None, threads: int = 1
) -> FrameReader:
    """Frames of a video with their own times.

    Args:
        path: Video file, picture, or folder of pictures.
        start_s: Leave out frames before this time; the file is entered at the key frame before it.
        stop_s: Leave out frames from this time on.
        threads: Decoding threads; 0 lets FFmpeg choose.

    Returns:
        An iterable of :class:`Frame` whose ``losses`` tells, afterwards, what could not be decoded.

    Raises:
        VideoError: While iterating: the file cannot be opened, or no frame of it decodes.
    """
    return FrameReader(Path(path), start_s=start_s, stop_s=stop_s, threads=threads)


def frame_at(path: Path | str, index: int) -> Frame:
    """One frame by its position, entered at the key frame before it.

    Args:
        path: Video file, picture, or folder of pictures.
        index: As in :class:`Frame`.

    Raises:
        VideoError: The video has no such frame, or it cannot be decoded.
    """
    path = Path(path)
    timeline = None if _pictures(path) else read_timeline(path)
    start_s = 0.0
    if timeline is not None and len(timeline.pts):
        if not 0 <= index < len(timeline.pts):
            raise VideoError(f"{path.name}: expected a frame from 0 to {len(timeline.pts) - 1}, got {index}")
        start_s = max(timeline.ms(int(timeline.pts[index])) / 1000 - 0.0005, 0.0)
    for frame in read_frames(path, start_s=start_s):
        if frame.index == index:
            return frame
        if frame.index > index:
            break
    raise VideoError(f"{path.name}: frame {index} cannot be decoded or does not exist")


_Decode = Callable[[InputContainer, VideoStream], Iterator[VideoFrame]]


def _from(
    container: InputContainer, stream: VideoStream, wanted: int, decode: _Decode
) -> Iterator[VideoFrame]:
    """Frames from one at or before ``wanted`` on; goes further back where a seek lands too late."""
    second = int(1 / stream.time_base) if stream.time_base else 1000
    for back in (0, 2 * second, 10 * second):
        try:
            container.seek(wanted - back, stream=stream, backward=True)
        except av.error.FFmpegError:
            break
        pictures = decode(container, stream)
        first = next(pictures, None)
        if first is not None and first.pts is not None and first.pts <= wanted:
            yield first
            yield from pictures
            return
    container.seek(stream.start_time or 0, stream=stream, backward=True)
    yield from decode(container, stream)


def _index(timeline: Timeline, pts: int | None, previous: int) -> int:
    """Rank of a frame among the file's pictures, always beyond the previous frame's."""
    if pts is None or not len(timeline.pts):
        return previous + 1
    return max(previous + 1, int(np.searchsorted(timeline.pts, pts)))


def _upright_rgb(picture: VideoFrame, pixel_ratio: float) -> NDArray[np.uint8]:
    rgb: NDArray[np.uint8] = picture.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
    if abs(pixel_ratio - 1) > 0.01:
        height, width = rgb.shape[:2]
        rgb = cv2.resize(rgb, (max(round(width * pixel_ratio), 1), height)).astype(np.uint8, copy=False)
    quarter_turns = round(picture.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(rgb, quarter_turns)) if quarter_turns else rgb


def _rgb_of_bgr(bgr: NDArray[Any]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(bgr[..., ::-1], dtype=np.uint8)


def _pictures(path: Path) -> list[Path]:
    """The pictures of a folder in natural order ("2" before "10"), or the one given; [] for videos."""
    if path.is_dir():
        found = [p for p in path.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES]
        if not found:
            raise VideoError(
                f"{path.name}: expected pictures in the folder, found none; give a video or pictures"
            )
        return sorted(found, key=lambda path: natural(path.name))
    return [path] if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file() else []
