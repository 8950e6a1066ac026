"""What valence and arousal are, as a picture; and rows of figures that explain themselves."""

from __future__ import annotations

import math
from collections.abc import Iterable

import streamlit as st

from dashboard.components.frame import is_dark
from dashboard.theme import DARK, LIGHT, Palette
from dashboard.words import WHAT_THEY_ARE, WHAT_THEY_ARE_NOT

RADIUS = 100.0
FACES = [(0.0, 0.0)] + [
    (0.74 * math.cos(math.radians(angle)), 0.74 * math.sin(math.radians(angle)))
    for angle in range(0, 360, 45)
]


def _face(valence: float, arousal: float) -> str:
    """A face as three strokes: the mouth follows valence, eyes and mouth open with arousal."""
    x, y = RADIUS * valence, -RADIUS * arousal
    bend, eye = 6 * valence, 1.6 + 1.5 * arousal
    opening = max(0.0, 5 * (arousal - 0.2))
    mouth = f"M-6 {4 - bend / 2:.1f}Q0 {4 + bend:.1f} 6 {4 - bend / 2:.1f}"
    lower = f"Q0 {4 + bend + opening:.1f} -6 {4 - bend / 2:.1f}" if opening else ""
    eyes = "".join(
        f'<ellipse cx="{side}" cy="-4" rx="1.7" ry="{max(0.5, eye):.1f}" class="eye"/>' for side in (-5, 5)
    )
    return f'<g transform="translate({x:.1f} {y:.1f})"><circle r="13.5" class="head"/>{eyes}<path d="{mouth}{lower}" class="mouth"/></g>'


def circumplex_svg(palette: Palette) -> str:
    """The plane with a drawn face for each direction, in the colours of one mode."""
    words = (("fear", -82, -84), ("happy", 82, -84), ("sad", -82, 92), ("pleasant", 82, 92))
    texts = "".join(f'<text x="{x}" y="{y}">{word}</text>' for word, x, y in words)
    axes = (
        '<g class="axes"><circle r="100"/><path d="M-112 0H112M0 -112V112"/></g>'
        '<text x="0" y="-118">arousal +</text><text x="0" y="126">arousal −</text>'
        '<text x="116" y="4" class="end">valence +</text><text x="-116" y="4" class="begin">valence −</text>'
    )
    style = (
        f".axes{{fill:none;stroke:{palette.muted};opacity:.6}}text{{font:11px sans-serif;fill:{palette.ink};text-anchor:middle}}"
        ".end{text-anchor:start}.begin{text-anchor:end}.head{fill:#e0a878}.eye{fill:#2b211b}"
        ".mouth{fill:none;stroke:#2b211b;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}"
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-178 -134 356 268" width="420" height="316">'
        f"<style>{style}</style>{axes}{texts}{''.join(_face(*place) for place in FACES)}</svg>"
    )


def explain_plane() -> None:
    """Words and picture side by side."""
    with st.container(key="wide-explain"):
        left, right = st.columns([3, 2], gap="large", vertical_alignment="center")
    left.markdown(WHAT_THEY_ARE)
    left.caption(WHAT_THEY_ARE_NOT)
    right.image(
        circumplex_svg(DARK if is_dark() else LIGHT),
        width="stretch",
        alt="Circumplex: valence to the right, arousal upwards, with a drawn face for each direction",
    )


def metric_row(figures: Iterable[tuple[str, str, str]]) -> None:
    """Figures side by side, each with its definition: ``(label, value, meaning)``; they wrap where it is narrow."""
    listed = list(figures)
    with st.container(horizontal=True, key=f"metrics-{listed[0][0].lower().replace(' ', '-')}"):
        for label, value, meaning in listed:
            st.metric(label, value, help=meaning, border=True)
