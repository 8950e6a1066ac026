"""What surrounds every page: title of the window, logo, style sheet."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st

from dashboard.theme import DARK, LIGHT

ASSETS = Path(__file__).resolve().parents[1] / "assets"


@cache
def asset(name: str) -> str:
    """Text of a file shipped in ``dashboard/assets``."""
    return (ASSETS / name).read_text(encoding="utf-8")


def draw_frame() -> None:
    """Set up the window; called once per run, before anything else is drawn."""
    st.set_page_config(page_title="AVCE Studio", page_icon=str(ASSETS / "icon.svg"), layout="wide")
    logo = "logo_dark.svg" if is_dark() else "logo.svg"
    st.logo(str(ASSETS / logo), icon_image=str(ASSETS / "icon.svg"), size="large")
    palette = DARK if is_dark() else LIGHT  # Streamlit writes white on every accent, and captions too faint
    colours = f"--avce-on-accent: {palette.on_accent}; --avce-muted: {palette.muted}; --avce-accent: {palette.accent};"
    st.html(f"<style>:root {{ {colours} }}\n{asset('style.css')}</style>")


def is_dark() -> bool:
    """Whether the reader sees the dark mode, for what is drawn with colours of its own."""
    return st.context.theme.type == "dark"
