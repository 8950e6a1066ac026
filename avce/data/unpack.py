"""Unpack an archive that came beside other files; hostile ones are refused before anything is written."""

from __future__ import annotations

import shutil
from pathlib import Path

from avce.data.sources import open_source
from avce.errors import DataError

SPARE_BYTES = 1 << 30
"""Left free on the disk."""


def unpack(archive: Path, folder: Path) -> None:
    """Write the members of a zip or tar below a folder.

    What :func:`~avce.data.sources.open_source` refuses (paths that lead out, links, bombs, two members of one name)
    is refused here; a file that is there already stays.

    Raises:
        DataError: An unsafe or damaged archive, a member whose name is taken, or more bytes than the disk has room for.
    """
    with open_source(archive) as source:
        wanted, free = sum(source.sizes.values()), shutil.disk_usage(folder).free - SPARE_BYTES
        if wanted > free:
            raise DataError(
                f"{source.title}: expected at most {max(free, 0):,} bytes, for which there is room, its members have {wanted:,}"
            )
        for name in source.names():
            path = folder / name
            if path.exists():
                raise DataError(f"{source.where(name)}: there is a file of that name already; rename one")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("xb") as copy:
                    copy.writelines(source.pieces(name))
            except OSError as error:  # no room, or one member is a file and another lies below it
                raise DataError(f"{source.where(name)}: cannot be written ({error.strerror})") from error
