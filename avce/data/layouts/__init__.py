"""The forms in which data sets lie on disk: one module per layout, one table of all.

A layout module has ``NAME``, ``recognise(source) -> Recognition | None`` and ``read(source, options) -> LabelIndex``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from avce.data.labels import LabelIndex
from avce.data.layouts import affwild, categories, generic
from avce.data.layouts.base import Recognition
from avce.data.sources import Source
from avce.errors import DataError
from avce.options import PrepareOptions

__all__ = ["LAYOUTS", "Layout", "Recognition", "recognise"]


class Layout(Protocol):
    """What each module of this package offers."""

    NAME: str

    @staticmethod
    def recognise(source: Source) -> Recognition | None:
        """Whether a source has this layout, how sure, and why."""
        ...

    @staticmethod
    def read(source: Source, options: PrepareOptions) -> LabelIndex:
        """Labels of a source that has this layout."""
        ...


LAYOUTS: dict[str, Layout] = {module.NAME: module for module in (affwild, generic, categories)}  # type: ignore[misc]
"""All layouts by name; where two are equally sure, the earlier one wins."""


@dataclass(frozen=True)
class _Scored:
    layout: Layout
    certainty: float


def recognise(source: Source) -> Layout:
    """The layout that is surest of a source.

    Raises:
        DataError: None recognises it; the text says what was looked for.
    """
    found = [
        _Scored(layout, seen.certainty) for layout in LAYOUTS.values() if (seen := layout.recognise(source))
    ]
    if not found:
        raise DataError(
            f"{source.title}: no known layout. Expected one of {', '.join(LAYOUTS)}; the simplest is a csv with the columns"
            " image, valence, arousal (and subject, split) beside the pictures"
        )
    return max(found, key=lambda item: item.certainty).layout
