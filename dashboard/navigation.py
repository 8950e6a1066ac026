"""The table of pages: one row per module of :mod:`dashboard.views`, in the order of the sidebar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import streamlit as st


@dataclass(frozen=True)
class PageEntry:
    """One page: ``name`` is the view's module and the last part of its address."""

    name: str
    title: str
    icon: str
    section: str


PAGES: tuple[PageEntry, ...] = (
    PageEntry("overview", "Overview", ":material/home:", "Start"),
    PageEntry("demo", "Demo", ":material/play_circle:", "Start"),
    PageEntry("datasets", "Data sets", ":material/collections:", "Models"),
    PageEntry("train", "Train", ":material/model_training:", "Models"),
    PageEntry("runs", "Runs", ":material/show_chart:", "Models"),
    PageEntry("compare", "Compare", ":material/table_chart:", "Models"),
    PageEntry("video", "Video", ":material/movie:", "Faces"),
    PageEntry("episodes", "Find moments", ":material/manage_search:", "Faces"),
    PageEntry("maps", "Activation maps", ":material/blur_on:", "Faces"),
    PageEntry("inspector", "Inspector", ":material/biotech:", "Faces"),
    PageEntry("jobs", "Jobs", ":material/list_alt:", "Work"),
)
START = "overview"


def page(name: str, *, start: str = START) -> Any:
    """Streamlit's page object of a view; equal names give pages that Streamlit treats as the same.

    Raises:
        KeyError: No page of this name.
    """
    entry = {entry.name: entry for entry in PAGES}[name]
    view = import_module(f"dashboard.views.{name}").page
    return st.Page(view, title=entry.title, icon=entry.icon, url_path=name, default=name == start)


def navigation(start: str = START) -> Any:
    """Draw the sidebar's menu and return the page to run."""
    sections: dict[str, list[Any]] = {}
    for entry in PAGES:
        sections.setdefault(entry.section, []).append(page(entry.name, start=start))
    return st.navigation(sections, expanded=True)


def link(name: str, label: str, *, icon: str | None = None, query: Mapping[str, str] | None = None) -> None:
    """A link to a page, with its address's parameters."""
    st.page_link(page(name), label=label, icon=icon, query_params=dict(query or {}))


def go(name: str, **query: str) -> None:
    """Leave for another page now."""
    st.switch_page(page(name), query_params=query)
