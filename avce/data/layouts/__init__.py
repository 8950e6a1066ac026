"""The forms in which data sets lie on disk: one module per layout, one table of all.

A layout module has ``NAME``, ``recognise(source) -> Recognition | None`` and ``read(source, options) -> LabelIndex``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from avce.data.labels import LabelIndex
from avce.data.layouts import (
    afew_va,
    affectnet,
    affectnet_npy,
    affwild,
    affwild2,
    author_lists,
    categories,
    generic,
    omg,
)
from avce.data.layouts.base import Recognition
from avce.data.sources import Source
from avce.errors import DataError
from avce.options import PrepareOptions

__all__ = ["LAYOUTS", "Layout", "Recognition", "recognise"]


@dataclass(frozen=True)
class Layout:
    """One form on disk.

    Attributes:
        name: As in ``PrepareOptions.layout``.
        recognise: Whether a source has this layout, how sure, and why.
        read: Labels of a source that has it.
    """

    name: str
    recognise: Callable[[Source], Recognition | None]
    read: Callable[[Source, PrepareOptions], LabelIndex]


_MODULES = (affwild, affwild2, afew_va, affectnet, affectnet_npy, omg, author_lists, generic, categories)

LAYOUTS = {module.NAME: Layout(module.NAME, module.recognise, module.read) for module in _MODULES}
"""All layouts by name; where two are equally sure, the earlier one wins."""


def recognise(source: Source) -> Layout:
    """The layout that is surest of a source.

    Raises:
        DataError: None recognises it; the text says what was looked for.
    """
    found = [(seen.certainty, layout) for layout in LAYOUTS.values() if (seen := layout.recognise(source))]
    if not found:
        raise DataError(
            f"{source.title}: no known layout. Expected one of {', '.join(LAYOUTS)}; the simplest is a csv with the columns"
            " image, valence, arousal (and subject, split) beside the pictures"
        )
    return max(found, key=lambda item: item[0])[1]
