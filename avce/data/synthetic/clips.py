"""Talking-head clips in the layout of Aff-Wild, with the truth beside it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from avce.data.synthetic.background import draw_background
from avce.data.synthetic.expression import express
from avce.data.synthetic.identity import Identity, draw_identity
from avce.data.synthetic.motion import Motion, draw_motion
from avce.data.synthetic.raster import Camera
from avce.data.synthetic.render import Picture, render, spoken
from avce.options import SynthOptions
from avce.progress import Reporter

_STREAM = 2
_SMALLEST_SHARE = 0.85
"""A face of which less lies in the picture counts as cut."""

META_COLUMNS = ("frame", "pts_ms", "state", "x0", "y0", "x1", "y1", "visible", "valence", "arousal", "blink")
"""Columns of ``meta/NNN.csv``; state is face, cut (by the picture's edge) or no_face."""


@dataclass(frozen=True)
class Clip:
    """One clip to be rendered.

    Attributes:
        identity: Who.
        motion: What happens.
        background: Levels of 255, shape ``(h, w, 3)``.
        camera: The window at rest.
    """

    identity: Identity
    motion: Motion
    background: NDArray[np.float32]
    camera: Camera

    @property
    def frames(self) -> int:
        """How many frames it has."""
        return len(self.motion.valence)

    def frame(self, number: int) -> Picture:
        """Render one frame."""
        motion, camera = self.motion, self.camera
        nuisance = motion.nuisance(number)
        actions = express(
            float(motion.valence[number]),
            float(motion.arousal[number]),
            expressivity=self.identity.expressivity,
        )
        reach = camera.width / 2 + 2.6 * camera.scale
        x = camera.centre[0] + camera.scale * motion.across[number] + reach * motion.out[number]
        y = camera.centre[1] - camera.scale * motion.up[number]
        moved = Camera(camera.width, camera.height, camera.scale, (float(x), float(y)))
        return render(self.identity, spoken(actions, nuisance), nuisance, moved, background=self.background)


def draw_clip(options: SynthOptions, number: int) -> Clip:
    """The clip with this number, from 0; it depends on nothing but the arguments.

    Width and height are rounded down to even numbers, which H.264 needs. With ``options.gaps`` the face
    leaves the picture in the third clip, the sixth, and so on.
    """
    rng = np.random.default_rng([options.seed, _STREAM, number])
    identity = draw_identity(rng)
    width, height = options.width // 2 * 2, options.height // 2 * 2
    frames = max(1, round(options.seconds * options.fps))
    scale = min(height / 3.3, width / 2.6) * rng.uniform(0.9, 1.15)
    centre = (width / 2 + scale * rng.uniform(-0.15, 0.15), 0.43 * height + scale * rng.uniform(-0.08, 0.08))
    return Clip(
        identity=identity,
        background=draw_background(int(rng.integers(2**31)), width, height),
        camera=Camera(width, height, float(scale), (float(centre[0]), float(centre[1]))),
        motion=draw_motion(rng, frames, options.fps, leaves=options.gaps and number % 3 == 2),
    )


def visible_share(box_xyxy_px: tuple[float, float, float, float], width: int, height: int) -> float:
    """How much of a box lies in the picture."""
    x0, y0, x1, y1 = box_xyxy_px
    inside = max(0.0, min(x1, width) - max(x0, 0)) * max(0.0, min(y1, height) - max(y0, 0))
    return inside / ((x1 - x0) * (y1 - y0))


_ENCODER: dict[str, object] = {
    "crf": "18",
    "preset": "veryfast",
    "threads": "1",
    # Looking ahead makes a few encodes in a hundred differ at sizes that are no multiple of 32.
    "x264-params": "mbtree=0:rc-lookahead=0:sync-lookahead=0",
}


def _encode(path: Path, frames: Iterator[NDArray[np.uint8]], clip: Clip, fps: float) -> None:
    """H.264 in mp4; one thread, no look-ahead and no date, so that the bytes depend on the pictures only."""
    rate = Fraction(fps).limit_denominator(1001)
    with av.open(str(path), "w", options={"movflags": "+faststart", "fflags": "+bitexact"}) as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = clip.camera.width, clip.camera.height, "yuv420p"
        stream.options = _ENCODER
        stream.codec_context.thread_count = 1
        for number, picture in enumerate(frames):
            planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420), np.uint8)
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _truth(clip: Clip, number: int, picture: Picture, fps: float) -> list[str | int]:
    share = visible_share(picture.box_xyxy_px, clip.camera.width, clip.camera.height)
    state = "face" if share >= _SMALLEST_SHARE else "cut" if share > 0 else "no_face"
    motion = clip.motion
    return [
        number,
        f"{1000 * number / fps:.3f}",
        state,
        *(f"{edge:.2f}" for edge in picture.box_xyxy_px),
        f"{share:.4f}",
        f"{motion.valence[number]:.4f}",
        f"{motion.arousal[number]:.4f}",
        f"{motion.blink[number]:.4f}",
    ]


def _write_labels(path: Path, values: NDArray[np.float64]) -> None:
    path.write_text("".join(f"{value:.4f}\n" for value in values), "ascii")


def _filmed(clip: Clip, path: Path, fps: float, done: Callable[[int], None]) -> Iterator[NDArray[np.uint8]]:
    """Render frame by frame, write the truth of each to ``path`` and call ``done`` with its number."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(META_COLUMNS)
        for number in range(clip.frames):
            picture = clip.frame(number)
            writer.writerow(_truth(clip, number, picture, fps))
            done(number)
            yield picture.rgb_u8


def write_clips(out: Path, options: SynthOptions, reporter: Reporter) -> None:
    """Write ``videos/train``, ``annotations/train/{valence,arousal}`` and ``meta`` into an empty folder.

    Args:
        out: The folder.
        options: How many, how long, how large, which seed.
        reporter: Told after every frame.
    """
    videos, labels, meta = out / "videos/train", out / "annotations/train", out / "meta"
    for folder in (videos, labels / "valence", labels / "arousal", meta):
        folder.mkdir(parents=True)
    for number in range(options.clips):
        clip, name = draw_clip(options, number), f"{number + 1:03d}"
        before, total = number * clip.frames, options.clips * clip.frames

        def done(frame: int, before: int = before, total: int = total) -> None:
            reporter.progress(before + frame + 1, total)

        frames = _filmed(clip, meta / f"{name}.csv", options.fps, done)
        _encode(videos / f"{name}.mp4", frames, clip, options.fps)
        _write_labels(labels / "valence" / f"{name}.txt", clip.motion.valence)
        _write_labels(labels / "arousal" / f"{name}.txt", clip.motion.arousal)
