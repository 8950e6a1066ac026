"""Faces wait here until a batch is full, then get their values. Torch-free; the predictors are not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from avce.errors import OptionError
from avce.faces.crop import crop_face
from avce.faces.track import Sighting
from avce.options import AnalyzeOptions
from avce.video.points import Point, Summary, Values
from avce.video.read import Frame
from avce.video.states import STATES_WITH_VALUES

Sink = Callable[[list[Point]], None]
MOST_PENDING = 256
"""Rows kept back while a batch of faces fills, so that stretches without faces are handed on as well."""


class FacePredictor(Protocol):
    """What is asked of a predictor; :class:`avce.training.checkpoint.Predictor` is one."""

    @property
    def info(self) -> Mapping[str, Any]:
        """Card of the checkpoint; ``info["crop"]`` is ``{"margin": float, "size": int}``."""
        ...

    def predict(self, crops_rgb_u8: NDArray[np.uint8], *, flip: bool | None = None) -> NDArray[np.float32]:
        """Valence and arousal, shape ``(n, 2)``; ``flip=None`` leaves it to the predictor."""
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


class Batch:
    """Rows that wait for their values, and the faces to be judged for them, once per distinct recipe."""

    def __init__(
        self, predictors: Sequence[FacePredictor], options: AnalyzeOptions, summary: Summary, sink: Sink
    ) -> None:
        self.predictors, self.options, self.summary, self.sink = predictors, options, summary, sink
        self.recipes = [crop_recipe(predictor) for predictor in predictors]
        self.points: list[Point] = []
        self.judged: list[int] = []
        self.crops: dict[Recipe, list[NDArray[np.uint8]]] = {recipe: [] for recipe in self.recipes}

    def add(self, frame: Frame, sightings: Sequence[Sighting], *, is_chosen: bool = True) -> None:
        """Take the rows of one frame; judge and hand on when a batch is full."""
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
