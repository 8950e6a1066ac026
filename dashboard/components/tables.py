"""Small tables as HTML: readable aloud, selectable, the same in both modes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from dashboard.definitions import meaning_of


@dataclass(frozen=True)
class Cell:
    """One cell: text, a smaller line below it (an interval), a hover text, an address to go to, and how it is set."""

    text: str
    below: str = ""
    hover: str = ""
    dot: str = ""
    badge: str = ""
    is_words: bool = False
    is_best: bool = False
    address: str = ""

    def html(self) -> str:
        """The cell as a ``td`` with everything escaped."""
        classes = [name for name, on in (("words", self.is_words), ("best", self.is_best)) if on]
        dot = f'<span class="dot" style="background:{escape(self.dot)}"></span>' if self.dot else ""
        badge = f' <span class="avce-badge">{escape(self.badge)}</span>' if self.badge else ""
        below = f'<span class="span">{escape(self.below)}</span>' if self.below else ""
        words = (
            f'<a href="{escape(self.address)}" target="_self">{escape(self.text)}</a>'
            if self.address
            else escape(self.text)
        )
        title = f' title="{escape(self.hover)}"' if self.hover else ""
        return f'<td class="{" ".join(classes)}"{title}>{dot}{words}{badge}{below}</td>'


@dataclass(frozen=True)
class Row:
    """One row; quiet rows (reference values) step back."""

    cells: Sequence[Cell]
    is_quiet: bool = False


def table_html(heads: Sequence[tuple[str, str]], rows: Iterable[Row], *, caption: str = "") -> str:
    """A table from (title, hover) heads and rows; all text is escaped.

    A head without a hover of its own takes that of :mod:`dashboard.definitions`.
    """
    listed = list(rows)
    words = [bool(listed) and cell.is_words for cell in (listed[0].cells if listed else ())]
    words += [False] * (len(heads) - len(words))
    head = "".join(
        f'<th scope="col" class="{"words" if is_words else ""}" title="{escape(hover or meaning_of(title))}">{escape(title)}</th>'
        for (title, hover), is_words in zip(heads, words, strict=False)
    )
    body = "".join(
        f'<tr class="{"quiet" if row.is_quiet else ""}">{"".join(cell.html() for cell in row.cells)}</tr>'
        for row in listed
    )
    top = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="avce-scroll"><table class="avce">{top}<thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def draw_table(heads: Sequence[tuple[str, str]], rows: Iterable[Row], *, caption: str = "") -> None:
    """Put the table on the page."""
    st.html(table_html(heads, rows, caption=caption))
