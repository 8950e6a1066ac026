"""From a video, its trajectories and up to four models to the contents of a poster figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from avce.activation.combine import Maps, gini, seen_part
from avce.activation.draw import overlay
from avce.activation.maps import activation_maps, feature_maps, scaled
from avce.errors import DataError, OptionError
from avce.faces.crop import crop_face
from avce.options import Axis, PosterOptions
from avce.poster.contents import MOST_MODELS, Poster, PosterFrame, PosterModel, in_tile_order
from avce.progress import Reporter
from avce.training.checkpoint import Predictor
from avce.video.judging import crop_recipe
from avce.video.keyframes import FILLER, KeyFrame, choose_key_frames
from avce.video.read import frame_at


@dataclass(frozen=True)
class PosterSource:
    """One model to draw.

    Attributes:
        name: Text of the legend.
        system: Its method.
        table: Its trajectory of one face, one row per frame (see :func:`avce.video.one_face.one_face`).
        load: Gives the model; called once, when its maps are drawn.
    """

    name: str
    system: str
    table: pd.DataFrame
    load: Callable[[], Predictor]


@dataclass(frozen=True)
class _Drawn:
    """Of one model: faces as it got them, their maps, the Gini index of each, and maps over faces; one per key frame."""

    crops: Sequence[NDArray[np.uint8]]
    maps: Maps
    sparsity: Sequence[float]
    overlays: Sequence[NDArray[np.uint8]]


def make_poster(
    video: Path,
    sources: Sequence[PosterSource],
    options: PosterOptions,
    *,
    name: str = "",
    labels: pd.DataFrame | None = None,
    reporter: Reporter | None = None,
) -> Poster:
    """Choose key frames, cut the face out of them, and draw what each model looks at.

    Args:
        video: The video file.
        sources: One to four models that judged the video.
        options: Which frames and maps.
        name: Name of the video; default its file name.
        labels: ``frame, pts_ms, valence, arousal``.
        reporter: Told of every map.

    Raises:
        OptionError: No model, more than four, or a frame in which the face is not seen by every model.
        DataError: There is no frame with a value.
    """
    if not 1 <= len(sources) <= MOST_MODELS:
        raise OptionError(f"models: expected 1 to {MOST_MODELS}, got {len(sources)}; choose fewer runs")
    reporter = reporter or Reporter()
    ordered = [sources[place] for place in in_tile_order([source.system for source in sources])]
    keys = _keys([source.table for source in ordered], options)
    reporter.stage("poster")
    pictures = [frame_at(video, key.frame).rgb_u8 for key in keys]
    drawn = []
    for done, source in enumerate(ordered):
        reporter.progress(done, len(ordered), source.name)
        drawn.append(_drawn(source, pictures, keys, options))
    lead = ordered[0].table.set_index("frame")["pts_ms"]
    frames = [_frame(place, key, float(lead[key.frame]), drawn) for place, key in enumerate(keys)]
    models = [PosterModel(source.name, source.system, source.table) for source in ordered]
    return Poster(name or video.name, models, frames, labels, options.model_dump(mode="json"))


def _keys(tables: Sequence[pd.DataFrame], options: PosterOptions) -> list[KeyFrame]:
    if not options.frames:
        keys = choose_key_frames(tables, options.count)
        if not keys:
            raise DataError("poster figure: expected a face that every model has judged, found none")
        return keys
    found = choose_key_frames(tables, options.count)
    reasons = {key.frame: key.reason for key in found if key.reason != FILLER}
    for frame in options.frames:
        for table in tables:
            row = table[table["frame"] == frame]
            if row.empty or row[["valence", "x0"]].isna().to_numpy().any():
                raise OptionError(
                    f"frames: expected frames in which the face has values, got {frame}; choose another"
                )
    return [KeyFrame(frame, reasons.get(frame, "chosen by hand")) for frame in sorted(set(options.frames))]


def _drawn(
    source: PosterSource,
    pictures: Sequence[NDArray[np.uint8]],
    keys: Sequence[KeyFrame],
    options: PosterOptions,
) -> _Drawn:
    predictor = source.load()
    recipe = crop_recipe(predictor)
    crops = []
    for picture, key in zip(pictures, keys, strict=True):
        row = source.table[source.table["frame"] == key.frame].iloc[0]
        box = (float(row["x0"]), float(row["y0"]), float(row["x1"]), float(row["y1"]))
        crops.append(crop_face(picture, box, margin=recipe.margin, size=recipe.size))
    stack = np.stack(crops)
    if options.map == "features":
        maps = feature_maps(predictor, stack)
    else:
        axes = tuple(Axis) if options.map == "both" else (Axis(options.map),)
        maps = scaled(np.mean([activation_maps(predictor, stack, axis) for axis in axes], axis=0))
    overlays = [overlay(crop, values, options.opacity) for crop, values in zip(crops, maps, strict=True)]
    sparsity = [gini(seen_part(values, predictor.options.input_size)) for values in maps]
    return _Drawn(crops, maps, sparsity, overlays)


def _frame(place: int, key: KeyFrame, pts_ms: float, drawn: Sequence[_Drawn]) -> PosterFrame:
    maps = [one.maps[place] for one in drawn]
    return PosterFrame(
        key.frame,
        pts_ms,
        key.reason,
        drawn[0].crops[place],
        maps,
        [one.sparsity[place] for one in drawn],
        [one.overlays[place] for one in drawn],
    )
