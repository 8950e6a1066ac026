"""Clips through the whole product: a still face that is filmed, and talking heads with labels for every frame."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from avce.faces.boxes import area
from avce.options import AnalyzeOptions
from avce.training.checkpoint import Predictor
from avce.video.analyze import analyze_video
from avce.video.points import Point, Values
from benchmarks._faces import Picture

STILL_FRAMES = 30


def _film(path: Path, picture: Picture, seed: int) -> None:
    """A still picture in front of a shaking, noisy camera."""
    rng = np.random.default_rng(seed)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"crf": "23", "preset": "fast"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for _ in range(STILL_FRAMES):
            dx, dy = rng.normal(0, 0.5, 2)
            place = np.array([[1, 0, 80 + dx], [0, 1, 40 + dy]], np.float32)
            frame = cv2.warpAffine(picture, place, (320, 240), borderMode=cv2.BORDER_REPLICATE)
            noisy = np.clip(frame + rng.normal(0, 3, frame.shape), 0, 255).astype(np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(noisy, format="rgb24")))
        out.mux(stream.encode())


def jitter(predictor: Predictor, pictures: Sequence[Picture]) -> dict[str, float]:
    """Change from one frame to the next where nothing but the camera moves, mean over faces, frames and axes."""
    changes, spreads = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number, picture in enumerate(pictures):
            path = Path(folder) / f"{number}.mp4"
            _film(path, cv2.resize(picture, (160, 160)).astype(np.uint8), number)
            points: list[Point] = []
            analyze_video(path, [predictor], AnalyzeOptions(), sink=points.extend)
            values = np.array([p.values[0] for p in points if p.track == 1 and p.values[0] is not None])
            if len(values) > 1:
                changes.append(np.abs(np.diff(values, axis=0)).mean())
                spreads.append(values.std(0).mean())
    return {"jitter": float(np.mean(changes)), "jitter_sd_over_clip": float(np.mean(spreads))}


def judged_clips(
    predictor: Predictor, archive: Path, most: int | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
    """Answers and labels of the frames of clips in Aff-Wild layout, and the clip of each.

    Frames without a face or label are left out. Of several faces the largest counts, since labels are of that.
    """
    pred: list[Values] = []
    target: list[tuple[float, float]] = []
    clips: list[str] = []
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(archive) as files:
        files.extractall(folder)
        for path in sorted(Path(folder).rglob("videos/train/*"))[:most]:
            valence, arousal = (
                np.loadtxt(Path(folder) / "annotations" / "train" / axis / f"{path.stem}.txt", ndmin=1)
                for axis in ("valence", "arousal")
            )
            points: list[Point] = []
            analyze_video(path, [predictor], AnalyzeOptions(), sink=points.extend)
            largest: dict[int, Point] = {}
            for point in points:
                known = largest.get(point.frame)
                if (
                    point.box
                    and point.values[0]
                    and (known is None or area(point.box) > area(known.box or point.box))
                ):
                    largest[point.frame] = point
            for frame, point in largest.items():
                if frame < min(len(valence), len(arousal)) and point.values[0] is not None:
                    pred.append(point.values[0])
                    target.append((float(valence[frame]), float(arousal[frame])))
                    clips.append(path.stem)
    return np.array(pred), np.array(target), clips
