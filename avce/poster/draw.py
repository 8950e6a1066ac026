"""A poster figure as a picture: tiles of maps above, valence and arousal below, tied by dashed lines. Torch-free.

The poster's own figure has its two curves side by side; here they stand one above the other, so that one line per key
frame goes through both and lines do not cross.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch, Rectangle
from numpy.typing import NDArray

from avce.poster.colours import SYSTEM_COLOURS, TIE
from avce.poster.contents import Poster, PosterFrame
from avce.video.thin import extremes

WIDTH_IN = 11.0
CURVE_IN = 1.75
MOST_TILE_IN = 0.82
MOST_POINTS = 4000
"""Most points of a curve in the picture; the data beside it has all."""

STYLE: Any = {  # any: the stub wants each key as a literal type
    "font.family": "DejaVu Sans", "font.size": 8, "svg.fonttype": "none", "pdf.fonttype": 42,
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#777", "axes.linewidth": 0.7,
    "svg.hashsalt": "avce",
}  # fmt: skip
SEEN = ("detected", "tracked")
_LEFT, _RIGHT, _KEY, _FOOT = (
    0.7,
    0.2,
    1.35,
    0.75,
)  # inches: left, right and below the curves; key of the tiles
_GAP = 0.03


def draw_poster(poster: Poster) -> Figure:
    """The figure; the caller saves it in what format it likes.

    Args:
        poster: Models, key frames (at least one) and labels.
    """
    with style():
        return _Sheet(poster).figure


def style() -> AbstractContextManager[None]:
    """Fonts and lines of the figure; also while it is saved, since text is written then."""
    return rc_context(STYLE)


class _Sheet:
    """One figure while it is drawn; lengths are in inches from the lower left corner."""

    def __init__(self, poster: Poster) -> None:
        self.poster = poster
        self.columns = 2 if len(poster.models) < 4 else 3
        self.rows = -(-(len(poster.models) + 1) // self.columns)
        room = (WIDTH_IN - _LEFT - _RIGHT - _KEY) / len(poster.frames)
        self.tile = min(MOST_TILE_IN, (room - 0.14) / self.columns)
        self.tiles_at = _FOOT + 2 * CURVE_IN + 0.2 + 0.5
        self.height = self.tiles_at + self.rows * self.tile + 0.62
        self.figure = Figure(figsize=(WIDTH_IN, self.height), facecolor="white")
        curves = [self._curve(axis, place) for place, axis in enumerate(("arousal", "valence"))]
        for place, key in enumerate(poster.frames):
            left = _LEFT + place * room + (room - self.columns * self.tile) / 2
            self._tiles(key, left)
            self._tie(key, left + self.columns * self.tile / 2, curves)
        self._key()
        self._scale()
        self._legend(curves[0])

    def _legend(self, lowest: Axes) -> None:
        """Below the curves, in the order of the tiles, so that no line crosses it; the video's name at its left."""
        lines, names = lowest.get_legend_handles_labels()
        self.figure.legend(
            lines[::-1], names[::-1], loc="lower right", ncols=5, frameon=False, fontsize=7.5,
            bbox_to_anchor=(1 - _RIGHT / WIDTH_IN, 0.04 / self.height), borderaxespad=0,
        )  # fmt: skip
        self.figure.text(_LEFT / WIDTH_IN, 0.08 / self.height, self.poster.video, fontsize=7, color="#555")

    def _axes(self, left: float, bottom: float, width: float, height: float) -> Axes:
        share = (left / WIDTH_IN, bottom / self.height, width / WIDTH_IN, height / self.height)
        return self.figure.add_axes(share)

    def _curve(self, axis: str, place: int) -> Axes:
        area = self._axes(_LEFT, _FOOT + place * (CURVE_IN + 0.2), WIDTH_IN - _LEFT - _RIGHT, CURVE_IN)
        if self.poster.labels is not None:
            line = _line(self.poster.labels.assign(state=""), axis)
            area.plot(*line, color=SYSTEM_COLOURS["label"], lw=2.2, alpha=0.75, label="label", zorder=1)
        for depth, model in enumerate(reversed(self.poster.models)):  # the first model on top
            colour = self.poster.colours[len(self.poster.models) - 1 - depth]
            area.plot(*_line(model.table, axis), color=colour, lw=1.0, label=model.name, zorder=2 + depth)
        area.axhline(0, color="#bbb", lw=0.6, zorder=0)
        area.set_ylabel(axis.capitalize())
        area.yaxis.set_label_coords(-0.045, 0.5)
        area.margins(x=0.005)
        area.set_ylim(*self._range(axis))
        if place:
            area.tick_params(labelbottom=False)
        else:
            area.set_xlabel("Time (s)")
        return area

    def _range(self, axis: str) -> tuple[float, float]:
        """The values' own range with some air, within [-1, 1] as far as they are."""
        values = self.poster.numbers()[axis].to_numpy(np.float64)
        values = values[np.isfinite(values)]
        low, high = (values.min(), values.max()) if len(values) else (-1.0, 1.0)
        air = max(0.08 * (high - low), 0.05)
        return float(min(low - air, -0.1)), float(max(high + air, 0.1))

    def _tiles(self, key: PosterFrame, left: float) -> None:
        pictures = [*key.overlays_rgb_u8, key.face_rgb_u8]
        for place, picture in enumerate(pictures):
            self._picture(picture, *self._corner(place, left))
        middle = (left + self.columns * self.tile / 2) / WIDTH_IN
        top = (self.tiles_at + self.rows * self.tile) / self.height
        at: dict[str, Any] = {"ha": "center", "va": "bottom"}
        self.figure.text(
            middle,
            top + 0.19 / self.height,
            f"frame {key.frame} · {key.pts_ms / 1000:.2f} s",
            weight="bold",
            **at,
        )
        self.figure.text(middle, top + 0.05 / self.height, key.reason, fontsize=6.5, color="#555", **at)

    def _corner(self, place: int, left: float) -> tuple[float, float]:
        row, column = divmod(place, self.columns)
        return left + column * self.tile, self.tiles_at + (self.rows - 1 - row) * self.tile

    def _picture(self, picture: NDArray[np.uint8], left: float, bottom: float) -> None:
        area = self._axes(left, bottom, self.tile - _GAP, self.tile - _GAP)
        area.imshow(picture, interpolation="lanczos")
        area.set_axis_off()

    def _tie(self, key: PosterFrame, middle: float, curves: list[Axes]) -> None:
        """From the foot of the tiles to the frame's time, and on through both curves."""
        style: dict[str, Any] = {"color": TIE, "lw": 0.9, "ls": (0, (4, 2.5)), "alpha": 0.85}
        at = key.pts_ms / 1000
        for area in curves:
            area.axvline(at, zorder=1, **style)
        lower, upper = curves
        between = (lower.get_xaxis_transform(), upper.get_xaxis_transform())
        self.figure.add_artist(ConnectionPatch((at, 1), (at, 0), *between, **style))
        foot = (middle / WIDTH_IN, (self.tiles_at - 0.03) / self.height)
        self.figure.add_artist(
            ConnectionPatch(foot, (at, 1), self.figure.transFigure, upper.get_xaxis_transform(), **style)
        )

    def _key(self) -> None:
        """Which tile is whose, as on the poster, at the right of the tiles."""
        left = WIDTH_IN - _KEY + 0.1
        side = (_KEY - 0.2) / self.columns
        words = [model.short for model in self.poster.models] + ["Input"]
        shades = [*self.poster.colours, "#444"]
        high = min(side, self.tile) * 0.72
        for place in range(self.rows * self.columns):
            row, column = divmod(place, self.columns)
            bottom = self.tiles_at + self.rows * self.tile - (row + 1) * high
            corner = ((left + column * side) / WIDTH_IN, bottom / self.height)
            if place >= len(words):
                continue
            box = Rectangle(corner, side / WIDTH_IN, high / self.height, fill=False, ec="#777", lw=0.7)
            self.figure.add_artist(box)
            self.figure.text(
                corner[0] + side / 2 / WIDTH_IN, corner[1] + high / 2 / self.height, _broken(words[place]),
                ha="center", va="center", color=shades[place], fontsize=6.5 if self.columns == 2 else 4.8,
            )  # fmt: skip

    def _scale(self) -> None:
        left = WIDTH_IN - _KEY + 0.1
        area = self._axes(left, self.tiles_at + 0.1, _KEY - 0.2, 0.09)
        bar = self.figure.colorbar(
            ScalarMappable(Normalize(0, 1), "turbo"), cax=area, orientation="horizontal"
        )
        bar.set_ticks([0, 0.5, 1])
        bar.ax.tick_params(labelsize=6, length=2, pad=1)
        bar.outline.set_visible(False)
        area.set_title("weight in the map", fontsize=6, pad=2)


def _broken(word: str) -> str:
    return word if len(word) <= 11 else word.replace(" ", "\n", 1)[:22]


def _line(table: pd.DataFrame, axis: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Time and value of a curve, thinned, with ``nan`` in its gaps."""
    is_skipped = table["state"].isin(SEEN) & table[axis].isna()  # judged one frame in n: no gap
    rows = table[~is_skipped]
    values = rows[axis].to_numpy(np.float64)
    kept = extremes([values], MOST_POINTS)
    return rows["pts_ms"].to_numpy(np.float64)[kept] / 1000, values[kept]
