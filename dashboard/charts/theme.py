"""Colours, sizes and defaults of all charts, in one place.

Systems keep the poster's colours: baseline black (light on dark pages), CAF green, AVCE blue, label grey.
Valence and arousal have one colour each, everywhere. Every colour reaches a contrast of 3 on the pages' grounds,
and colours that may meet in one chart stay apart under the common colour-vision deficiencies (both tested).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from avce.poster.colours import OTHERS, SYSTEM_COLOURS

MAX_POINTS = 3000
"""Most points of one trace; a curve is thinned so that its extremes and gaps stay."""

VALENCE = "#C9532C"
AROUSAL = "#8A5FBF"
AXIS_COLOURS = {"valence": VALENCE, "arousal": AROUSAL}

PLAYHEAD = "#D03B3B"
MUTED = "#7B7F87"
"""Lesser words and marks. On a page the style sheet puts the mode's own muted ink in its place where it is text."""
GRID = "rgba(128, 128, 128, 0.22)"
LINE = "rgba(128, 128, 128, 0.65)"

_ON_DARK = {
    "avce": "#5B9BDD",
    "caf": "#4FB27D",
    "hasani": "#E9E5DB",
    "hasani_lstm": "#B3A3C6",
    "label": "#8A8D91",
    "supervised": "#D98A55",
}
_SYSTEMS = {name: (colour, _ON_DARK[name]) for name, colour in SYSTEM_COLOURS.items()}
_SYSTEMS["trivial"] = _SYSTEMS["label"]
_OTHERS_DARK = ("#A987C9", "#B08A1E", "#2FA5AF", "#D0697A")

_PARTS = {
    "mse": ("#B4622D", "#D98A55"),
    "pcc": ("#1B8A94", "#2FA5AF"),
    "ccc": ("#7A4E9B", "#A987C9"),
    "avce": ("#2E8B57", "#4FB27D"),
    "hold_push": ("#A33B4A", "#D0697A"),
    "adversarial": ("#2E8B57", "#4FB27D"),
    "critic": ("#A33B4A", "#D0697A"),
}
"""Parts of a loss; AVCE's and CAF's own parts never meet, so two pairs share a colour."""

INK = ("#22262E", "#E9E5DB")
"""Text on light and on dark pages."""

SPLIT_COLOURS = {"train": "#3B7DC4", "val": "#B87514", "test": "#2A9378"}
SPLIT_NAMES = {"train": "training", "val": "validation", "test": "test", "": "no split"}

STATE_COLOURS = {
    "detected": "#2A9378",
    "tracked": "#5FA9D8",
    "lost": "#C98A1B",
    "low_quality": "#A06CB4",
    "no_face": "#8A8D91",
    "cut": "#D03B3B",
}
STATE_NAMES = {
    "detected": "face detected",
    "tracked": "face tracked",
    "lost": "face lost",
    "low_quality": "low quality",
    "no_face": "no face",
    "cut": "scene cut",
}

CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "responsive": True,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
    "toImageButtonOptions": {"format": "svg"},
}
"""Plotly configuration that pages hand to the browser."""


@dataclass(frozen=True)
class Series:
    """How one run appears in a chart.

    Attributes:
        name: Text of the legend.
        system: Method (``avce``, ``caf``, ``hasani``, ``hasani_lstm``, ``supervised``, ``label``), which gives the colour.
        colour: Explicit colour, for two runs of one method in one chart.
    """

    name: str
    system: str = "other"
    colour: str = ""

    def drawn_in(self, *, dark: bool) -> str:
        """The colour to draw with."""
        return self.colour or colour_of(self.system, dark=dark)


def colour_of(system: str, *, dark: bool = False) -> str:
    """Colour of a method or of a published row's ``system``; unknown names get a fixed colour of their own."""
    key = str(system).casefold()
    if key in _SYSTEMS:
        return _SYSTEMS[key][int(dark)]
    others = _OTHERS_DARK if dark else OTHERS
    return others[sum(key.encode()) % len(others)]


def colours_of_parts(names: Sequence[str], *, dark: bool = False) -> dict[str, str]:
    """Colours of the parts of a loss, all different: known parts keep theirs, others take what is left."""
    known = {name: _PARTS[name][int(dark)] for name in names if name in _PARTS}
    spare = [*(pair[int(dark)] for pair in _PARTS.values()), *(_OTHERS_DARK if dark else OTHERS)]
    left = iter([colour for colour in dict.fromkeys(spare) if colour not in known.values()])
    return {name: known[name] if name in known else next(left, MUTED) for name in names}


def spread(system: str, count: int, *, dark: bool = False) -> list[str]:
    """Colours of ``count`` runs of one method: its own first, then others that no method uses."""
    others = _OTHERS_DARK if dark else OTHERS
    return [colour_of(system, dark=dark), *others][:count] + [MUTED] * max(0, count - 1 - len(others))


def styled(figure: go.Figure, *, height: int = 320, legend: bool = True) -> go.Figure:
    """The shared layout: transparent, thin grid, legend above, one hover style."""
    figure.update_layout(
        height=height,
        margin={"l": 56, "r": 16, "t": 40 if legend else 16, "b": 48},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=legend,
        legend={
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.02,
            "yanchor": "bottom",
            "title": {"text": ""},
            "itemsizing": "constant",
        },
        hoverlabel={"font": {"size": 13}},
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": MUTED, "activecolor": SPLIT_COLOURS["train"]},
        bargap=0.15,
    )
    axis = {
        "gridcolor": GRID,
        "zerolinecolor": LINE,
        "linecolor": LINE,
        "ticks": "outside",
        "tickcolor": LINE,
        "tickfont": {"color": MUTED},
        "title": {"font": {"color": MUTED}},
    }
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    return figure


def note(figure: go.Figure, text: str) -> go.Figure:
    """Say in the middle of an empty chart why it is empty."""
    figure.add_annotation(
        text=text,
        x=0.5,
        y=0.5,
        xref="paper",
        yref="paper",
        showarrow=False,
        font={"color": MUTED, "size": 14},
    )
    return figure
