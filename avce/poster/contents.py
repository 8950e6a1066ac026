"""What stands on a poster figure, before it is drawn. Torch-free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from avce.poster.colours import colours_of

MOST_MODELS = 4
ORDER = ("avce", "caf", "hasani", "hasani_lstm", "supervised")
"""Order of the tiles, as printed: AVCE, CAF over the baseline, then the input."""
SYSTEM_NAMES = {
    "avce": "AVCE",
    "caf": "CAF",
    "hasani": "Baseline",
    "hasani_lstm": "Baseline, clips",
    "supervised": "Supervised",
}


@dataclass(frozen=True)
class PosterModel:
    """One model's curve.

    Attributes:
        name: Text of the legend.
        system: Method, which gives colour and place.
        table: ``frame, pts_ms, state, valence, arousal`` of one face, one row per frame.
    """

    name: str
    system: str
    table: pd.DataFrame

    @property
    def short(self) -> str:
        """Word for the key of the tiles."""
        return SYSTEM_NAMES.get(self.system, self.name)


@dataclass(frozen=True)
class PosterFrame:
    """One key frame.

    Attributes:
        frame: Its number.
        pts_ms: Its own time.
        reason: Why it was chosen.
        face_rgb_u8: The face as the first model got it.
        maps: One map per model, within [0, 1].
        ginis: Sparsity of each map; ``nan`` where a map is empty.
        overlays_rgb_u8: The maps over the faces.
    """

    frame: int
    pts_ms: float
    reason: str
    face_rgb_u8: NDArray[np.uint8]
    maps: Sequence[NDArray[np.float32]]
    ginis: Sequence[float]
    overlays_rgb_u8: Sequence[NDArray[np.uint8]]


@dataclass(frozen=True)
class Poster:
    """A whole figure.

    Attributes:
        video: Name of the video.
        models: In the order of the tiles.
        frames: In order of time.
        labels: ``frame, pts_ms, valence, arousal``, where the video has labels.
        options: How it was made, as plain values.
    """

    video: str
    models: Sequence[PosterModel]
    frames: Sequence[PosterFrame]
    labels: pd.DataFrame | None = None
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def colours(self) -> list[str]:
        """One colour per model."""
        return colours_of([model.system for model in self.models])

    def numbers(self) -> pd.DataFrame:
        """The curves as one long table: ``model, frame, time_s, valence, arousal``; labels are a model too."""
        parts = [(model.name, model.table) for model in self.models]
        if self.labels is not None:
            parts.append(("label", self.labels))
        columns = ["frame", "time_s", "valence", "arousal"]
        tables = [
            table.assign(time_s=table["pts_ms"] / 1000)[columns].assign(model=name) for name, table in parts
        ]
        return pd.concat(tables, ignore_index=True)[["model", *columns]]

    def facts(self) -> dict[str, Any]:
        """What the figure says in words and numbers, as plain values."""
        return {
            "video": self.video,
            "options": self.options,
            "models": [
                {"name": model.name, "system": model.system, "colour": colour}
                for model, colour in zip(self.models, self.colours, strict=True)
            ],
            "frames": [self._facts_of(key) for key in self.frames],
        }

    def _facts_of(self, key: PosterFrame) -> dict[str, Any]:
        models = {}
        for model, gini in zip(self.models, key.ginis, strict=True):
            row = model.table[model.table["frame"] == key.frame].iloc[0]
            models[model.name] = {
                "valence": plain(row["valence"]), "arousal": plain(row["arousal"]), "gini": plain(gini),
            }  # fmt: skip
        return {"frame": key.frame, "time_s": key.pts_ms / 1000, "reason": key.reason, "models": models}


def plain(value: Any) -> float | None:
    """A number for JSON; ``None`` for what is none."""
    return None if value is None or not np.isfinite(float(value)) else float(value)


def in_tile_order(systems: Sequence[str]) -> list[int]:
    """Places of models in the order of the tiles; models of one system keep theirs."""
    rank = {system: place for place, system in enumerate(ORDER)}
    return sorted(range(len(systems)), key=lambda place: (rank.get(systems[place], len(ORDER)), place))
