"""Open media files safely and list the presentation times of their pictures. Torch-free.

Uploads come from strangers: only container formats that hold their own data are opened (play lists and
"concat" scripts name other files), and only the ``file`` protocol is allowed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream
from numpy.typing import NDArray

from avce.errors import VideoError

IMAGE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})

_FORMATS = (
    "3g2,3gp,aac,aiff,apng,asf,avi,dv,flac,flv,gif,h264,h261,h263,hevc,ivf,m4a,m4v,matroska,mj2,mjpeg,mov,mp3,mp4,"
    "mpeg,mpegts,mpegvideo,mxf,nut,obu,ogg,rm,vob,wav,webm,wtv,yuv4mpegpipe"
)


@dataclass(frozen=True)
class Timeline:
    """Presentation times of all pictures, found without decoding.

    Attributes:
        pts: Sorted presentation stamps in units of ``time_base``; empty when the file gives none.
        time_base: Seconds per unit.
        origin_s: Time of the container's start, subtracted so that times agree with a player's clock.
        loss: Why reading stopped early, or ``None``.
    """

    pts: NDArray[np.int64]
    time_base: Fraction
    origin_s: float
    loss: str | None

    def ms(self, pts: int) -> float:
        """Milliseconds on the player's clock."""
        return round(1000 * (float(pts * self.time_base) - self.origin_s), 3)


@contextmanager
def open_video(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """A container and its first stream of moving pictures.

    Raises:
        VideoError: Missing or empty file, not a video, or sound only.
    """
    if not path.is_file():
        raise VideoError(f"{path.name}: expected a video file, found none at {path}")
    if path.stat().st_size == 0:
        raise VideoError(f"{path.name}: the file is empty (0 bytes); copy or upload it again")
    try:
        container = av.open(
            str(path),
            metadata_errors="replace",
            options={"format_whitelist": _FORMATS, "protocol_whitelist": "file"},
        )
    except (av.error.FFmpegError, ValueError) as error:
        raise VideoError(
            f"{path.name}: expected a video (mp4, mov, mkv, webm, avi, …), but it cannot be opened"
            f" ({_reason(error)}). It may be cut off, or not a video at all; convert it, or upload it again"
        ) from error
    with container:
        streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
        if not streams:
            held = "sound only" if container.streams.audio else "no picture and no sound"
            raise VideoError(
                f"{path.name}: expected a video stream, found {held}; choose a file with pictures"
            )
        yield container, streams[0]


def read_timeline(path: Path) -> Timeline:
    """Times of all pictures of a video; kept for the files read last.

    Cost: one pass over the file without decoding.

    Raises:
        VideoError: As :func:`open_video`.
    """
    stat = path.stat() if path.exists() else None
    return _read_timeline(path, stat and stat.st_mtime_ns, stat and stat.st_size)


@lru_cache(maxsize=32)
def _read_timeline(path: Path, _modified_ns: int | None, _size: int | None) -> Timeline:
    stamps: list[int] = []
    unstamped, loss, end_pts = 0, None, 0
    with open_video(path) as (container, stream):
        try:
            for packet in container.demux(stream):
                if packet.size == 0 or packet.is_discard:
                    continue
                if packet.pts is None:
                    unstamped += 1
                else:
                    stamps.append(packet.pts)
                    end_pts = max(end_pts, packet.pts + (packet.duration or 0))
        except av.error.FFmpegError as error:
            loss = _reason(error)
        origin_s = max(container.start_time or 0, 0) / av.time_base
        time_base = stream.time_base or Fraction(1, 1000)
        loss = loss or _shortfall(container, stream, end_pts)
    usable = [] if unstamped else sorted(stamps)
    return Timeline(np.array(usable, np.int64), time_base, origin_s, loss)


def _shortfall(container: InputContainer, stream: VideoStream, end_pts: int) -> str | None:
    """Whether the pictures end well before the time that the header promises."""
    if stream.duration and stream.time_base:
        promised_s = float((stream.start_time or 0) + stream.duration) * float(stream.time_base)
    elif container.duration and not container.streams.audio:
        promised_s = ((container.start_time or 0) + container.duration) / av.time_base
    else:
        return None
    end_s = float(end_pts * (stream.time_base or 0))
    if promised_s - end_s < max(0.5, 0.02 * promised_s):
        return None
    return f"pictures end at {end_s:.2f} s, the header promises {promised_s:.2f} s"


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).strip()
