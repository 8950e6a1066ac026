"""What layouts share."""

from __future__ import annotations

import csv
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from avce.data.sources import Source
from avce.data.tables import separator_of
from avce.errors import DataError

TABLE_ENDINGS = (".csv", ".tsv", ".parquet")


@dataclass(frozen=True)
class Recognition:
    """A layout that was seen.

    Attributes:
        certainty: In (0, 1]; the surest layout is taken.
        reason: What gave it away, for people.
        root: Folder of the data set inside the source; "" at the top.
    """

    certainty: float
    reason: str
    root: str = ""


def tables_of(source: Source) -> list[str]:
    """Csv, tsv and parquet members, those nearest the top first; only the focus when the user named a file."""
    if source.focus is not None:
        return [source.focus]
    found = [name for name in source.names() if name.lower().endswith(TABLE_ENDINGS)]
    return sorted(found, key=lambda name: (name.count("/"), name))


def header_of(source: Source, key: str) -> list[str]:
    """Fields of a table's first line in lower case; empty when it cannot be read."""
    if key not in source.first_lines:
        source.first_lines[key] = _first_fields(source, key)
    return source.first_lines[key]


def _first_fields(source: Source, key: str) -> list[str]:
    if key.lower().endswith(".parquet"):
        return _parquet_header(source, key)
    try:
        with source.open(key) as stream:
            first = stream.read(1 << 16).decode("utf-8-sig", errors="replace").lstrip("\r\n").splitlines()
        fields = next(csv.reader(first[:1], delimiter=separator_of(first[0]))) if first else []
    except (DataError, csv.Error, OSError, EOFError, zipfile.BadZipFile, zlib.error, tarfile.TarError):
        return []  # what is wrong with it is said when it is read
    return [field.strip().lower() for field in fields]


def _parquet_header(source: Source, key: str) -> list[str]:
    import pyarrow as pa  # noqa: PLC0415 - slow to load, most data sets have csv
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        with source.local_path(key) as path:
            return [name.lower() for name in pq.read_schema(path).names]
    except (pa.ArrowException, OSError):
        return []


def match_names(names: Iterable[str], pattern: str) -> list[re.Match[str]]:
    """Matches of a full pattern (with ``(?P<root>…)`` where wanted) among names, case ignored."""
    compiled = re.compile(pattern, re.IGNORECASE)
    return [match for name in names if (match := compiled.fullmatch(name))]
