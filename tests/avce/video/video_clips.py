"""Small clips made on the spot, with known times and pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def grey(level: int, width: int = 64, height: int = 48) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def noise(count: int, width: int = 160, height: int = 120, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 255, (height, width, 3), dtype=np.uint8) for _ in range(count)]


def write_clip(
    path: Path,
    pictures: Iterable[np.ndarray],
    *,
    times_ms: Sequence[int] | None = None,
    rotation: int = 0,
    gop: int = 12,
    sound: bool = False,
    sample_ratio: Fraction | None = None,
    crf: int = 18,
) -> Path:
    """H.264 clip whose pictures have the given times (40 ms apart by default)."""
    pictures = list(pictures)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": str(crf), "preset": "ultrafast"})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.gop_size = gop
        stream.codec_context.time_base = Fraction(1, 1000)
        if sample_ratio:
            stream.codec_context.sample_aspect_ratio = sample_ratio
        if rotation:
            stream.set_display_rotation(rotation)
        audio = container.add_stream("aac", rate=16000) if sound else None
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = times_ms[number] if times_ms is not None else 40 * number
            frame.time_base = Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if audio is not None:
            _write_tone(container, audio, seconds=max(len(pictures) / 25, 0.2))
    return path


def write_sound(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        _write_tone(container, container.add_stream("aac", rate=16000), seconds=0.5)
    return path


def _write_tone(container, stream, *, seconds: float) -> None:
    for start in range(0, int(16000 * seconds), 1024):
        tone = np.sin(np.arange(start, start + 1024) / 10).astype(np.float32)[None]
        frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 16000, start
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
