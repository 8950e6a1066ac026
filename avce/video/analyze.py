"""From a video to a trajectory: valence and arousal of every face in every frame.

One pass: decode, follow the faces, cut them, judge them in batches, hand the rows on. Memory does not grow with
the length of the video. Frames are decoded and faces found once, however many predictors judge them. Nothing
here imports torch; the predictors do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from avce.errors import OptionError, VideoError
from avce.faces.crop import crop_face
from avce.faces.detect import FaceDetector
from avce.faces.track import FaceTracker, Sighting
from avce.options import AnalyzeOptions
from avce.progress import Reporter
from avce.video.pace import Pace
from avce.video.points import TRAJECTORY_COLUMNS, Point, Summary, Values
from avce.video.read import Frame, probe, read_frames
from avce.video.states import STATES_WITH_VALUES, FrameState
from avce.video.trajectory import write_csv, write_json, write_parquet

__all__ = [
    "TRAJECTORY_COLUMNS",
    "FrameState",
    "Point",
    "Sink",
    "Summary",
    "analyze_video",
    "write_csv",
    "write_json",
    "write_parquet",
]

Sink = Callable[[list[Point]], None]
MOST_PENDING = 256
"""Rows kept back while a batch of faces fills, so that stretches without faces are handed on as well."""


class FacePredictor(Protocol):
    """What is asked of a predictor; :class:`avce.training.checkpoint.Predictor` is one."""

    @property
    def info(self) -> Mapping[str, Any]:
        """Card of the checkpoint; ``info["crop"]`` is ``{"margin": float, "size": int}``."""
        ...

    def predict(self, crops_rgb_u8: NDArray[np.uint8], *, flip: bool = False) -> NDArray[np.float32]:
        """Valence and arousal, shape ``(n, 2)``."""
        ...


@dataclass(frozen=True)
class Recipe:
    """How a predictor wants its faces cut."""

    margin: float
    size: int


def crop_recipe(predictor: FacePredictor) -> Recipe:
    """The recipe in a predictor's card.

    Raises:
        OptionError: The card has none.
    """
    crop = predictor.info.get("crop")
    try:
        return Recipe(float(crop["margin"]), int(crop["size"]))  # type: ignore[index]
    except (TypeError, KeyError, ValueError) as error:
        raise OptionError(
            f"checkpoint: expected its card to say how faces are cut (crop: margin, size), got {crop!r};"
            " train it again, or add the recipe to checkpoint.json"
        ) from error


def analyze_video(
    path: Path | str,
    predictors: Sequence[FacePredictor],
    options: AnalyzeOptions,
    reporter: Reporter | None = None,
    sink: Sink | None = None,
    *,
    detector: FaceDetector | None = None,
) -> Summary:
    """Find, follow and judge all faces of a video.

    Args:
        path: Video file, picture, or folder of pictures.
        predictors: Judges; may be empty when only faces are wanted.
        options: Range, detector, tracker and batches.
        reporter: Told of every frame; may stop the work.
        sink: Gets the rows in order of frames, a batch at a time, while the work goes on.
        detector: Default :func:`avce.faces.detect.default_detector`.

    Returns:
        Counts, tracks and means. A video without faces is a result too (see ``Summary.headline``).

    Raises:
        VideoError: Nothing can be decoded, or the range holds no frame.
        OptionError: A predictor without a crop recipe.
        CancelledError: The reporter was asked to stop.
    """
    reporter = reporter or Reporter()
    reader = read_frames(path, start_s=options.start_s, stop_s=options.stop_s)
    total = _frames_in_range(Path(path), options)
    tracker = FaceTracker(options, detector)
    summary = Summary()
    batch = _Batch(predictors, options, summary, sink or _drop)
    reporter.stage("analyze")
    started = time.perf_counter()
    for frame in reader:
        batch.add(frame, tracker.step(frame))
        summary.first_ms = frame.pts_ms if summary.frames == 0 else summary.first_ms
        summary.last_ms = frame.pts_ms
        summary.frames += 1
        reporter.progress(summary.frames, total)
    batch.flush()
    if not summary.frames:
        raise VideoError(
            f"{Path(path).name}: expected frames from {options.start_s} s to {options.stop_s or 'the end'}, found none;"
            " choose a range inside the video"
        )
    summary.detections, summary.losses = tracker.detections, list(reader.losses)
    summary.fps = summary.frames / max(time.perf_counter() - started, 1e-9)
    for loss in summary.losses:
        reporter.log(loss)
    reporter.log(summary.headline)
    return summary


def _drop(_points: list[Point]) -> None:
    """The sink of callers who only want the summary."""


class _Batch:
    """Rows that wait for their values, and the faces to be judged for them, once per distinct recipe."""

    def __init__(
        self, predictors: Sequence[FacePredictor], options: AnalyzeOptions, summary: Summary, sink: Sink
    ) -> None:
        self.predictors, self.options, self.summary, self.sink = predictors, options, summary, sink
        self.pace = Pace(every_nth_frame=options.every_nth_frame, target_fps=options.target_fps)
        self.recipes = [crop_recipe(predictor) for predictor in predictors]
        self.points: list[Point] = []
        self.judged: list[int] = []
        self.crops: dict[Recipe, list[NDArray[np.uint8]]] = {recipe: [] for recipe in self.recipes}

    def add(self, frame: Frame, sightings: list[Sighting]) -> None:
        """Take the rows of one frame; judge and hand on when a batch is full."""
        is_chosen = self.pace.is_chosen(frame.index, frame.pts_ms)
        for seen in sightings:
            if is_chosen and seen.box_xyxy_px is not None and seen.state in STATES_WITH_VALUES:
                self.judged.append(len(self.points))
                for recipe, crops in self.crops.items():
                    crops.append(
                        crop_face(frame.rgb_u8, seen.box_xyxy_px, margin=recipe.margin, size=recipe.size)
                    )
            self.points.append(
                Point(
                    frame.index,
                    frame.pts_ms,
                    seen.track,
                    seen.state,
                    seen.box_xyxy_px,
                    seen.confidence,
                    (None,) * len(self.predictors),
                )
            )
        if len(self.judged) >= self.options.batch_size or len(self.points) >= MOST_PENDING:
            self.flush()

    def flush(self) -> None:
        """Judge what waits and hand it on."""
        if not self.points:
            return
        for number, values in zip(self.judged, self._judge(), strict=True):
            self.points[number] = replace(self.points[number], values=values)
        for point in self.points:
            self.summary.add(point)
        self.sink(self.points)
        self.points, self.judged = [], []
        self.crops = {recipe: [] for recipe in self.recipes}

    def _judge(self) -> list[tuple[Values | None, ...]]:
        """For each waiting face the values of all predictors; all ``None`` without predictors."""
        if not self.judged:
            return []
        stacks = {recipe: np.stack(crops) for recipe, crops in self.crops.items()}
        columns: list[list[Values | None]] = []
        for predictor, recipe in zip(self.predictors, self.recipes, strict=True):
            predicted = predictor.predict(stacks[recipe], flip=self.options.flip)
            columns.append([_finite(float(v), float(a)) for v, a in predicted])
        return list(zip(*columns, strict=True)) if columns else [()] * len(self.judged)


def _finite(valence: float, arousal: float) -> Values | None:
    return (valence, arousal) if np.isfinite(valence) and np.isfinite(arousal) else None


def _frames_in_range(path: Path, options: AnalyzeOptions) -> int | None:
    """How many frames to expect, for the progress bar."""
    info = probe(path)
    if not info.frames:
        return None
    stop_s = info.duration_s if options.stop_s is None else min(options.stop_s, info.duration_s)
    return max(round((stop_s - options.start_s) * info.fps), 1)
