"""Views of the operator's own, made known to a worker before it trains, measures, draws or looks through them."""

from __future__ import annotations

from workers.settings import get_settings


def know_own_views() -> None:
    """Run the files of ``AVCE_VIEW_FILES``, once per process.

    Raises:
        OptionError: A file is not there, breaks off, or registers nothing.
    """
    if files := get_settings().view_files:
        from avce.transforms.own import load_views  # noqa: PLC0415 - brings torch, which few need here

        for file in files:
            load_views(file)
