"""From a path to labels: find the layout, read it, check it. Torch-free."""

from __future__ import annotations

from pathlib import Path

from avce.data.exclude import exclude
from avce.data.findings import Finding
from avce.data.labels import INDEX_COLUMNS, LabelIndex, check_range
from avce.data.layouts import LAYOUTS, recognise
from avce.data.sources import Source, open_source
from avce.errors import DataError, OptionError
from avce.options import PrepareOptions

__all__ = ["INDEX_COLUMNS", "Finding", "LabelIndex", "Source", "open_index", "read_index"]


def open_index(path: Path | str, options: PrepareOptions | None = None) -> LabelIndex:
    """Labels of a data set.

    Args:
        path: Folder, zip, tar, csv or parquet file, or an fsspec address.
        options: ``layout``, ``label_scale``, ``weak_labels`` and ``exclude`` steer reading.

    Returns:
        Labels in [-1, 1]; invalid rows that the layout defines (such as -5 in Aff-Wild2) are left out and
        noted. The caller closes ``source``.

    Raises:
        DataError: Unreadable, unsafe, of no known layout, or with a label that cannot be used; the text names
            file and row.
    """
    source = open_source(path)
    try:
        return read_index(source, options or PrepareOptions())
    except BaseException:
        source.close()
        raise


def read_index(source: Source, options: PrepareOptions) -> LabelIndex:
    """As :func:`open_index`, from an open source."""
    if options.layout != "auto" and options.layout not in LAYOUTS:
        raise OptionError(f"layout: expected auto or one of {', '.join(LAYOUTS)}, got {options.layout!r}")
    layout = recognise(source) if options.layout == "auto" else LAYOUTS[options.layout]
    index = exclude(layout.read(source, options), options)
    if index.table.empty:
        raise DataError(
            f"{source.title}: layout {index.layout} was recognised, but no row has a usable label"
        )
    check_range(index)
    return index
