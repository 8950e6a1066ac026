"""Moments side by side: a picture, where it is, and a way there."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from avce.progress import span
from dashboard.components.upload import base_path
from dashboard.navigation import link
from dashboard.words import number
from workers import client
from workers.records import EpisodeRecord

PER_LINE = 4
PER_PAGE = 24
WIDTH_PX = 320


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}:{rest:04.1f}"


def _thumbnail(item: EpisodeRecord) -> str:
    source = f"{base_path()}/api/media/frame/{item.video.id}/{item.frame}?width={WIDTH_PX}"
    words = f"{item.face} in {item.video.name}, frame {item.frame}"
    return (
        f'<img loading="lazy" src="{escape(source)}" alt="{escape(words)}"'
        ' style="width:100%;aspect-ratio:4/3;object-fit:cover;border-radius:6px">'
    )


def _card(item: EpisodeRecord) -> None:
    st.html(_thumbnail(item))
    link(
        "video",
        f"{_clock(item.start_s)} – {_clock(item.end_s)}",
        icon=":material/play_arrow:",
        query={"analysis": item.analysis_id, "frame": str(item.frame), "track": str(item.track)},
    )
    address = (
        f"{base_path()}/api/media/clip/{item.video.id}.mp4?start_s={item.start_s:.3f}&stop_s={item.end_s:.3f}"
    )
    if item.duration_s <= client.LONGEST_CLIP_S:
        st.markdown(f":material/download: [clip as mp4]({address})")
    st.caption(
        f"{item.video.name} · {item.face} · {item.duration_s:.1f} s · V {number(item.valence, 2)}, A {number(item.arousal, 2)}"
        f" · {item.run_name}"
    )


def episode_cards(found: Sequence[EpisodeRecord], *, most: int) -> None:
    """Cards, a page of them at a time."""
    if not found:
        st.info(
            "No face meets the rule for so long. Widen it, or shorten the time.", icon=":material/search_off:"
        )
        return
    videos = len({item.video.id for item in found})
    more = f"The first {most:,} moments" if len(found) == most else f"{len(found):,} moments"
    total_s = sum(item.duration_s for item in found)
    st.markdown(
        f"**{more}** in {videos:,} videos, {span(total_s)} in all."
        if videos > 1
        else f"**{more}**, {span(total_s)} in all."
    )
    pages = -(-len(found) // PER_PAGE)
    first = 0
    if pages > 1:
        first = PER_PAGE * (int(st.number_input("Page", 1, pages, 1, key="episodes.page")) - 1)
    shown = found[first : first + PER_PAGE]
    for start in range(0, len(shown), PER_LINE):
        for place, item in zip(st.columns(PER_LINE), shown[start : start + PER_LINE], strict=False):
            with place:
                _card(item)
