"""Every number says what it is: column heads and figures have a definition to hover over."""

from __future__ import annotations

import re

import pytest

from dashboard.definitions import COLUMNS, meaning_of
from dashboard.navigation import PAGES
from tests.dashboard.pages import open_page
from tests.dashboard.seeding import Seeded

ADDRESSES = [(entry.name, {}) for entry in PAGES] + [
    ("compare", {"look": look}) for look in ("duel", "curves", "options", "scatter", "all")
]


@pytest.mark.parametrize(("name", "query"), ADDRESSES)
def test_every_column_and_figure_has_a_definition(seeded: Seeded, name: str, query: dict[str, str]) -> None:
    app = open_page(name, **query)
    heads = [
        head
        for block in app.get("html")
        for head in re.findall(r'<th scope="col"[^>]*title="([^"]*)">([^<]*)<', block.proto.body)
    ]
    assert [title for meaning, title in heads if not meaning] == []
    assert [metric.label for metric in app.metric if not metric.help] == []


def test_a_definition_is_a_sentence_and_an_unknown_column_has_none() -> None:
    assert all(text.endswith(".") and text[0].isupper() for text in COLUMNS.values())
    assert meaning_of("no such column") == ""
