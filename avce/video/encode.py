"""Write an mp4 whose pictures stand as far apart in time as in the original, with the original's sound. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import cv2
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from numpy.typing import NDArray

from avce.video.read import Frame
from avce.video.timeline import IMAGE_SUFFIXES, open_video, read_timeline

TICK = Fraction(1, 90_000)
COPIED_SOUND = frozenset({"aac", "ac3", "alac", "mp3", "opus"})
LAST_MS = 40.0
"""How long sound goes on after the last picture began."""


class Mp4Writer:
    """Takes pictures in order of time; use as a context manager.

    Args:
        out: File to write.
        source: The video that the pictures come from; its sound is copied where an mp4 can hold it.
        first: The first picture; time begins with it, and all pictures get its size.
        longest_px: Longest side of the pictures written, larger ones are scaled down; ``None``: as they come.
    """

    def __init__(self, out: Path, source: Path, first: Frame, *, longest_px: int | None = None) -> None:
        height, width = first.rgb_u8.shape[:2]
        shrink = min(1.0, longest_px / max(height, width)) if longest_px else 1.0
        self._size = (max(round(width * shrink), 1), max(round(height * shrink), 1))
        self._start_ms, self._last = first.pts_ms, -1
        self._stack = ExitStack()
        try:
            self._container = self._stack.enter_context(av.open(str(out), "w", format="mp4"))
            self._stream = self._container.add_stream(
                "libx264", rate=25, options={"preset": "veryfast", "crf": "20"}
            )
            self._stream.width, self._stream.height = (side + side % 2 for side in self._size)
            self._stream.pix_fmt = "yuv420p"
            self._stream.codec_context.time_base = TICK
            self._sound = _Sound.beside(self._stack, source, self._container, first.pts_ms)
        except BaseException:
            self._stack.close()
            raise

    def write(self, rgb_u8: NDArray[np.uint8], pts_ms: float) -> None:
        """Append a picture, and the sound up to it."""
        height, width = rgb_u8.shape[:2]
        if (width, height) != self._size:  # also where the size changes midway
            rgb_u8 = np.asarray(cv2.resize(rgb_u8, self._size, interpolation=cv2.INTER_AREA), np.uint8)
            width, height = self._size
        if width % 2 or height % 2:  # the codec wants even sides
            rgb_u8 = np.pad(rgb_u8, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
        picture = av.VideoFrame.from_ndarray(rgb_u8, format="rgb24")
        since_ms = pts_ms - self._start_ms
        self._last = max(self._last + 1, round(since_ms / 1000 / TICK))
        picture.pts, picture.time_base = self._last, TICK
        self._container.mux(self._stream.encode(picture))
        self._mux_sound(since_ms)

    def _mux_sound(self, until_ms: float) -> None:
        if self._sound is not None:
            for packet in self._sound.until(until_ms):
                self._container.mux(packet)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            if kind is None:
                self._container.mux(self._stream.encode(None))
                self._mux_sound(1000 * float(self._last * TICK) + LAST_MS)


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


def _is_container(video: Path) -> bool:
    """Whether it is a video with a time line, not a single picture."""
    return video.suffix.lower() not in IMAGE_SUFFIXES and bool(len(read_timeline(video).pts))
