"""What the gallery of maps shows: tables of cells, as plain values, for each way of looking at maps."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pandas as pd

from avce.quadrants import QUADRANTS, quadrant_of
from dashboard.charts import Series
from dashboard.components.upload import base_path
from dashboard.words import number
from workers.records import MapRecord

AXES = ("valence", "arousal")
_NO_CURVE = "blurring the whole face changes the output by nothing"
SCORES = {
    "gini": (
        "sparsity", "Gini", "Gini index of the map: 0 is spread evenly, 1 is a single point.",
        "the map is zero everywhere",
    ),
    "deletion": (
        "deletion", "del",
        "How the output holds while the map's strongest parts are blurred; lower is better. Compare maps of one frame.",
        _NO_CURVE,
    ),
    "insertion": (
        "insertion", "ins", "How the output returns while the map's strongest parts are shown; higher is better.",
        _NO_CURVE,
    ),
    "random": (
        "random-weights check", "rand",
        "Rank correlation with the map of the same net with shuffled weights; near 1 the map explains nothing learnt.",
        "this map or that of the shuffled net is the same everywhere that the network sees",
    ),
}  # fmt: skip
"""Score → name, short name, meaning, why a map may have none."""
HEADS = {
    "R": "head R, which predicts",
    "H": "head H, attentive view",
    "H_n": "head H, inattentive view",
    "encoder": "mean activation",
}
EMPTY = "A quadrant is empty where the model puts none of the frames shown."
_HEAD_ORDER = tuple(HEADS)
Line = tuple[str, str]
"""Run and head."""


def lines_of(items: Iterable[MapRecord]) -> list[Line]:
    """Runs and heads that have maps: runs as they come, heads in the order of :data:`HEADS`."""
    runs = list(dict.fromkeys(item.run_id for item in items))
    found = {(item.run_id, item.head) for item in items}
    return sorted(found, key=lambda line: (runs.index(line[0]), _HEAD_ORDER.index(line[1])))


def places_of(items: Iterable[MapRecord]) -> list[tuple[int, int | None]]:
    """Frames and faces that have maps, in order."""
    return sorted({(item.frame, item.track) for item in items}, key=lambda place: (place[0], place[1] or 0))


def _columns(places: Sequence[tuple[int, int | None]]) -> list[str]:
    many = len({track for _, track in places}) > 1
    return [f"frame {frame}" + (f", face {track}" if many else "") for frame, track in places]


def scores_of(scores: Mapping[str, float | None]) -> list[dict[str, str]]:
    """Scores as the gallery writes them; an undefined one as a dash with its reason."""
    shown = []
    for name in (name for name in SCORES if name in scores):
        long, short, meaning, why_none = SCORES[name]
        value = scores[name]
        is_known = value is not None and math.isfinite(value)
        text = meaning if is_known else f"Undefined: {why_none}."
        shown.append({"name": long, "short": short, "value": number(value, 2), "help": text})
    return shown


def _address(kind: str, ids: Sequence[str], minus: Sequence[str] = ()) -> str:
    values = {"ids": ",".join(ids)} | ({"minus": ",".join(minus)} if minus else {})
    return f"{base_path()}/api/media/maps/{kind}?{urlencode(values, safe=',')}"


def one_cell(item: MapRecord) -> dict[str, Any]:
    """One map over its face."""
    face = f", face {item.track}" if item.track is not None else ""
    what = "" if item.axis == "features" else f" for {item.axis}"
    has_face = item.face_file is not None
    return {
        "face": _address("face", [item.id]) if has_face else "",
        "colours": _address("colours", [item.id]) if has_face else f"{base_path()}/api/media/map/{item.id}",
        "alt": f"Where {item.name} looks{what} in frame {item.frame}{face}",
        "title": f"{item.name}{what}, frame {item.frame}{face} — {HEADS.get(item.head, item.head)}",
        "scores": scores_of(item.scores),
    }


class Sections:
    """Builds sections from the maps of an analysis.

    Args:
        items: The maps to show.
        series: Run → name and colour.
    """

    def __init__(self, items: Sequence[MapRecord], series: Mapping[str, Series]) -> None:
        self.items = items
        self.series = series

    def _row(self, line: Line, cells: list[Any]) -> dict[str, Any]:
        run, head = line
        look = self.series.get(run)
        name = look.name if look else run
        return {
            "name": name,
            "colour": look.colour if look else "",
            "head": HEADS.get(head, head),
            "cells": cells,
        }

    def _input(
        self, items: Sequence[MapRecord], places: Sequence[tuple[int, int | None]]
    ) -> list[dict[str, Any]]:
        """The faces themselves, as on the poster; from the first model's maps."""
        faces = {(item.frame, item.track): item for item in reversed(items) if item.face_file is not None}
        if not faces:
            return []
        cells = [
            {
                "face": _address("face", [faces[place].id]), "colours": "", "alt": f"Face in frame {place[0]}",
                "title": f"Face in frame {place[0]}", "scores": [],
            }
            if place in faces else None
            for place in places
        ]  # fmt: skip
        return [{"name": "Input", "colour": "", "head": "", "cells": cells}]

    def table(self, title: str, items: Sequence[MapRecord], text: str = "") -> dict[str, Any]:
        """Frames side by side, a row for the faces and one for each run and head."""
        places = places_of(items)
        by_place = {(item.run_id, item.head, item.frame, item.track): item for item in items}
        rows = self._input(items, places)
        for line in lines_of(items):
            found = [by_place.get((*line, *place)) for place in places]
            rows.append(self._row(line, [one_cell(item) if item else None for item in found]))
        return {"title": title, "help": text, "columns": _columns(places), "rows": rows}

    def per_axis(self, heads: Sequence[str] = ("R",)) -> list[dict[str, Any]]:
        """Valence above arousal, as on the poster."""
        sections = []
        for axis in AXES:
            mine = [item for item in self.items if item.axis == axis and item.head in heads]
            if mine:
                sections.append(self.table(axis.capitalize(), mine))
        return sections

    def heads(self) -> list[dict[str, Any]]:
        """R against H of the runs that have both, with what their sparsity says."""
        sections = []
        for axis in AXES:
            of_axis = [item for item in self.items if item.axis == axis]
            both = {item.run_id for item in of_axis if item.head == "H"} & {
                i.run_id for i in of_axis if i.head == "R"
            }
            mine = [item for item in of_axis if item.run_id in both and item.head in {"R", "H", "H_n"}]
            if mine:
                sections.append(self.table(axis.capitalize(), mine, sparsity_words(mine)))
        return sections

    def features(self) -> list[dict[str, Any]]:
        """Mean activation of the encoder, whatever the output."""
        mine = [item for item in self.items if item.axis == "features"]
        return [self.table("Mean activation of the encoder", mine)] if mine else []

    def differences(self) -> list[dict[str, Any]]:
        """Valence less arousal, for each run and head."""
        by_key = {(i.run_id, i.head, i.frame, i.track, i.axis): i for i in self.items}
        pairs = {
            key[:4]: (item, by_key[*key[:4], "arousal"])
            for key, item in by_key.items()
            if key[4] == "valence" and (*key[:4], "arousal") in by_key
        }
        if not pairs:
            return []
        mine = [one for pair in pairs.values() for one in pair]
        places = places_of(mine)
        rows = self._input(mine, places)
        for line in lines_of(mine):
            cells = [_difference(pairs.get((*line, *place))) for place in places]
            rows.append(self._row(line, cells))
        text = "Red: the place matters more to valence. Blue: more to arousal. White: equally."
        return [{"title": "Valence less arousal", "help": text, "columns": _columns(places), "rows": rows}]

    def means(
        self, points: pd.DataFrame, sparsity_of: Callable[[Sequence[str]], float]
    ) -> list[dict[str, Any]]:
        """Mean over all frames, over each quadrant, and over each face of several, in the coordinates of the cut face.

        Args:
            points: ``run_id, frame, track, valence, arousal`` of the faces that have maps.
            sparsity_of: Ids of maps → Gini index of their mean (:func:`workers.client.map_sparsity`).
        """
        known = points.assign(
            quadrant=quadrant_of(points[["valence", "arousal"]].to_numpy(float).reshape(-1, 2))
        )
        where = {(r.run_id, r.frame, r.track): r.quadrant for r in known.itertuples()}
        tracks = sorted({item.track for item in self.items if item.track is not None})
        # What a map must be: a quadrant, a face, or nothing.
        groups: dict[str, str | int | None] = {"all frames": None}
        groups |= {word: quadrant for quadrant, word in QUADRANTS.items()}
        groups |= {f"face {track}": track for track in (tracks if len(tracks) > 1 else ())}
        sections = []
        for axis in (*AXES, "features"):
            mine = [item for item in self.items if item.axis == axis]
            rows = []
            for line in lines_of(mine):
                of_line = [item for item in mine if (item.run_id, item.head) == line]
                cells = []
                for word, group in groups.items():
                    chosen = [
                        item for item in of_line
                        if group in {None, item.track, where.get((item.run_id, item.frame, item.track))}
                    ]  # fmt: skip
                    cells.append(_mean(chosen, f"{axis}, {word}", sparsity_of))
                rows.append(self._row(line, cells))
            if rows:
                sections.append(
                    {"title": axis.capitalize(), "help": EMPTY, "columns": list(groups), "rows": rows}
                )
        return sections


def _difference(pair: tuple[MapRecord, MapRecord] | None) -> dict[str, Any] | None:
    if pair is None:
        return None
    first, second = pair
    return {
        "face": _address("face", [first.id]) if first.face_file else "",
        "colours": _address("colours", [first.id], [second.id]),
        "alt": f"Where {first.name} looks more for valence than for arousal in frame {first.frame}",
        "title": f"{first.name}, valence less arousal, frame {first.frame} — {HEADS.get(first.head, first.head)}",
        "scores": [],
    }


def _mean(
    items: Sequence[MapRecord], what: str, sparsity_of: Callable[[Sequence[str]], float]
) -> dict[str, Any] | None:
    if not items:
        return None
    ids = [item.id for item in items]
    count = {"name": "frames", "short": "n", "value": str(len(items)), "help": "Maps in this mean."}
    return {
        "face": _address("face", ids) if all(item.face_file for item in items) else "",
        "colours": _address("colours", ids),
        "alt": f"Mean map of {items[0].name}, {what}, over {len(items)} frames",
        "title": f"{items[0].name}: mean map, {what}, over {len(items)} frames — {HEADS.get(items[0].head, '')}",
        "scores": [count, *scores_of({"gini": sparsity_of(ids)})],
    }


def sparsity_words(items: Sequence[MapRecord]) -> str:
    """Whether H is sparser than R, by the Gini index of maps of one run and face."""
    scores = {
        (i.run_id, i.frame, i.track, i.head): gini
        for i in items
        if (gini := i.scores.get("gini")) is not None
    }
    pairs = [
        (scores[*key[:3], "R"], one)
        for key, one in scores.items()
        if key[3] == "H" and (*key[:3], "R") in scores
    ]
    if not pairs:
        return "No sparsity is known: the maps were drawn without scores."
    r, h = np.array(pairs).T
    return (
        f"Mean Gini index: R {number(r.mean(), 2)}, H {number(h.mean(), 2)}. H is sparser than R in"
        f" {int((h > r).sum())} of {len(pairs)} maps; the poster says it is."
    )
