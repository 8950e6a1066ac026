"""Faces wait here until a batch is full, then get their values. Torch-free; the predictors are not."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

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


class FramePredictor(FacePredictor, Protocol):
    """A predictor whose values also come from the frames before (``look_back`` of them)."""

    def predict_frames(
        self,
        crops_rgb_u8: NDArray[np.uint8],
        sequence: Sequence[Hashable],
        history: dict[Any, Any],
        *,
        flip: bool | None = None,
    ) -> NDArray[np.float32]:
        """Values of the next frames of sequences; ``history`` keeps what later ones need."""
        ...


def look_back(predictor: FacePredictor) -> int:
    """How many frames before its own a predictor judges a face by."""
    return int(getattr(predictor, "look_back", 0))


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
    """Rows that wait for their values, and the faces to be judged for them, once per distinct recipe.

    Args:
        predictors: Judges.
        options: ``batch_size`` and ``flip``.
        summary: Gets the rows' share of it.
        sink: Gets the rows.
        histories: Of each predictor that looks back, what it saw before; goes on from one segment to the next.
    """

    def __init__(
        self,
        predictors: Sequence[FacePredictor],
        options: AnalyzeOptions,
        summary: Summary,
        sink: Sink,
        histories: dict[int, dict[Any, Any]] | None = None,
    ) -> None:
        self.predictors, self.options, self.summary, self.sink = predictors, options, summary, sink
        self.recipes = [crop_recipe(predictor) for predictor in predictors]
        self.histories = {} if histories is None else histories
        self.can_warm_up = any(look_back(predictor) for predictor in predictors)
        self.points: list[Point] = []
        self.judged: list[int | None] = []  # row of each waiting face; none in a warm-up
        self.faces: list[int | None] = []  # the tracker's own id of each waiting face
        self.crops: dict[Recipe, list[NDArray[np.uint8]]] = {recipe: [] for recipe in self.recipes}

    def warm_up(self, frame: Frame, sightings: Sequence[Sighting]) -> None:
        """Show the faces of one frame to predictors that look back; no row comes of it."""
        if self.can_warm_up:
            self._show(frame, sightings, None, {})
            if len(self.judged) >= self.options.batch_size:
                self.flush()

    def _show(
        self,
        frame: Frame,
        sightings: Sequence[Sighting],
        row: int | None,
        ids: Mapping[int | None, int | None],
    ) -> None:
        for n, seen in enumerate(sightings):
            if seen.box_xyxy_px is None or seen.state not in STATES_WITH_VALUES:
                continue
            self.judged.append(None if row is None else row + n)
            self.faces.append(ids.get(seen.track, seen.track))
            for recipe, crops in self.crops.items():
                crops.append(
                    crop_face(frame.rgb_u8, seen.box_xyxy_px, margin=recipe.margin, size=recipe.size)
                )

    def add(
        self,
        frame: Frame,
        sightings: Sequence[Sighting],
        *,
        is_chosen: bool = True,
        ids: Mapping[int | None, int | None] | None = None,
    ) -> None:
        """Take the rows of one frame; judge and hand on when a batch is full.

        Args:
            frame: The frame.
            sightings: Its faces, under final ids.
            is_chosen: Whether they are judged.
            ids: The tracker's own id of each final one, by which faces are known again from the warm-up on.
        """
        if is_chosen:
            self._show(frame, sightings, len(self.points), ids or {})
        for seen in sightings:
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
        if not self.points and not self.judged:
            return
        for number, values in zip(self.judged, self._judge(), strict=True):
            if number is not None:
                self.points[number] = replace(self.points[number], values=values)
        for point in self.points:
            self.summary.add(point)
        if self.points:
            self.sink(self.points)
        self.points, self.judged, self.faces = [], [], []
        self.crops = {recipe: [] for recipe in self.recipes}

    def _judge(self) -> list[tuple[Values | None, ...]]:
        """For each waiting face the values of all predictors; all ``None`` without predictors."""
        if not self.judged:
            return []
        stacks = {recipe: np.stack(crops) for recipe, crops in self.crops.items()}
        columns: list[list[Values | None]] = []
        for n, (predictor, recipe) in enumerate(zip(self.predictors, self.recipes, strict=True)):
            if look_back(predictor):
                in_time = cast("FramePredictor", predictor)
                history = self.histories.setdefault(n, {})
                predicted = in_time.predict_frames(
                    stacks[recipe], self.faces, history, flip=self.options.flip
                )
            else:
                predicted = predictor.predict(stacks[recipe], flip=self.options.flip)
            columns.append([_finite(float(v), float(a)) for v, a in predicted])
        return list(zip(*columns, strict=True)) if columns else [()] * len(self.judged)


def _finite(valence: float, arousal: float) -> Values | None:
    return (valence, arousal) if np.isfinite(valence) and np.isfinite(arousal) else None
