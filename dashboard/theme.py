"""Colours and type of the pages, in one place: handed to Streamlit at start, used by the parts drawn by hand.

Paper and ink rather than white and red: a warm ground, serif headings, one deep blue for what can be
pressed. Method colours follow the poster (baseline black, CAF green, AVCE blue, label grey).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Palette:
    """Colours of one mode; every text colour keeps a contrast of at least 4.5 on every ground below it."""

    ground: str
    raised: str
    sidebar: str
    ink: str
    muted: str
    line: str
    accent: str
    on_accent: str


LIGHT = Palette(
    ground="#FBF9F4",
    raised="#F2EEE4",
    sidebar="#F4F0E7",
    ink="#22262E",
    muted="#5C6068",
    line="#DDD6C6",
    accent="#1F5A96",
    on_accent="#FFFFFF",
)
DARK = Palette(
    ground="#14171C",
    raised="#1D2229",
    sidebar="#191D23",
    ink="#E9E5DB",
    muted="#A6A9AF",
    line="#343B45",
    accent="#7DB3E8",
    on_accent="#14171C",
)

SERIES = ["#1F5A96", "#2E8B57", "#B4622D", "#7A4E9B", "#8A8D91", "#B08A1E", "#1B8A94", "#A33B4A"]
"""Colours of series that belong to no method."""


def _mode(name: str, palette: Palette) -> dict[str, Any]:
    prefix = f"theme.{name}"
    return {
        f"{prefix}.primaryColor": palette.accent,
        f"{prefix}.backgroundColor": palette.ground,
        f"{prefix}.secondaryBackgroundColor": palette.raised,
        f"{prefix}.textColor": palette.ink,
        f"{prefix}.linkColor": palette.accent,
        f"{prefix}.codeTextColor": palette.ink,
        f"{prefix}.borderColor": palette.line,
        f"{prefix}.dataframeBorderColor": palette.line,
        f"{prefix}.chartCategoricalColors": SERIES,
        f"{prefix}.sidebar.backgroundColor": palette.sidebar,
        f"{prefix}.sidebar.secondaryBackgroundColor": palette.raised,
        f"{prefix}.sidebar.borderColor": palette.line,
    }


def theme_settings() -> dict[str, Any]:
    """Streamlit settings of both modes; the reader's system chooses between them."""
    return {
        "theme.font": "sans-serif",
        "theme.headingFont": "serif",
        "theme.baseRadius": "0.4rem",
        "theme.headingFontSizes": ["2.1rem", "1.35rem", "1.2rem", "1.05rem", "1rem", "0.9rem"],
        "theme.headingFontWeights": [600, 600, 600, 600, 600, 600],
        "theme.metricValueFontSize": "1.7rem",
        "theme.paddingTop": "1.2rem",
        "theme.paddingBottom": "4rem",
        "theme.showSidebarBorder": True,
        "theme.showWidgetBorder": True,
        **_mode("light", LIGHT),
        **_mode("dark", DARK),
    }


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two ``#rrggbb`` colours, 1 to 21 (WCAG 2.2)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)
