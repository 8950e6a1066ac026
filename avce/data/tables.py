"""Label tables: csv, tsv and parquet, read strictly. What is odd is refused with file, row and reason."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np
import pandas as pd

from avce.data.sources import Source
from avce.errors import DataError

MAX_COLUMNS = 512
CHUNK_ROWS = 20_000
"""Rows held as Python strings at a time, which take several times the room of packed ones."""
ROW = "label_row"
"""Column with the line number in the file, from 1, the header being line 1."""


def read_table(source: Source, key: str, *, header: Sequence[str] | None = None) -> pd.DataFrame:
    """All columns as text, plus :data:`ROW`.

    Args:
        source: Where the table lies.
        key: Its name.
        header: Column names for a file that has none; ``None``: the first line names them.

    Raises:
        DataError: Not UTF-8, a row with another number of fields, no header, too many columns, an unreadable
            parquet file.
    """
    if key.lower().endswith(".parquet"):
        return _read_parquet(source, key)
    return parse_csv(source.read(key), source.where(key), header=header)


def parse_csv(data: bytes, where: str, *, header: Sequence[str] | None = None) -> pd.DataFrame:
    """As :func:`read_table`, from bytes. The separator (comma, semicolon, tab) is seen in the first line."""
    text = decode_text(data, where)
    first = text.lstrip("\n").split("\n", 1)[0]
    separator = separator_of(first)
    if first.count(separator) >= MAX_COLUMNS:
        raise DataError(
            f"{where}: expected at most {MAX_COLUMNS} columns, got {first.count(separator) + 1:,}"
        )
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    names = list(header) if header is not None else None
    parts: list[pd.DataFrame] = []
    rows: list[list[str]] = []
    try:
        for fields in reader:
            if not fields or (len(fields) == 1 and not fields[0].strip()):
                continue
            if names is None:
                names = _header(fields, where)
                continue
            if len(fields) != len(names):
                expected = f"{len(names)} fields ({', '.join(names[:8])})"
                raise DataError(f"{where}, row {reader.line_num}: expected {expected}, got {len(fields)}")
            rows.append([*fields, str(reader.line_num)])
            if len(rows) == CHUNK_ROWS:
                parts.append(_columns(rows, names))
                rows = []
    except csv.Error as error:
        raise DataError(f"{where}, row {reader.line_num}: not a csv line ({error})") from error
    if names is None:
        raise DataError(f"{where}: expected a header line with column names, the file is empty")
    table = pd.concat([*parts, _columns(rows, names)], ignore_index=True)
    table[ROW] = table[ROW].astype(np.int64)
    return table


def _columns(rows: list[list[str]], names: list[str]) -> pd.DataFrame:
    """Rows of Python strings, packed."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * (len(names) + 1)
    packed = (pd.Series(list(column), dtype="str").str.strip() for column in columns)
    return pd.DataFrame(dict(zip([*names, ROW], packed, strict=True)))


def separator_of(line: str) -> str:
    """Comma where there is one, else semicolon or tab: names of columns hold no commas, lists in fields hold semicolons."""
    return "," if "," in line else max(";\t", key=line.count)


def decode_text(data: bytes, where: str) -> str:
    """UTF-8 text with line feeds as line ends; a byte-order mark is dropped.

    Raises:
        DataError: Another encoding, or NUL characters; the text names the row.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        raise DataError(
            f"{where}, row {row}: expected UTF-8 text, byte {data[error.start]:#x} is none; save the file as UTF-8"
        ) from error
    if "\0" in text:
        row = text[: text.index("\0")].count("\n") + 1
        raise DataError(
            f"{where}, row {row}: expected text, there is a NUL character; save the file as UTF-8"
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _header(fields: list[str], where: str) -> list[str]:
    names = [field.strip() for field in fields]
    if "" in names and names.count("") == 1 and names[0] == "":
        names[0] = "index"  # pandas writes its row numbers without a name
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or "" in names:
        raise DataError(
            f"{where}, row 1: expected one name per column, got {', '.join(map(repr, twice or ['']))} more than once or empty"
        )
    return names


def _read_parquet(source: Source, key: str) -> pd.DataFrame:
    import pyarrow as pa  # noqa: PLC0415 - slow to load, csv does not need it
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        file = pq.ParquetFile(io.BytesIO(source.read(key)))
        if len(file.schema_arrow) > MAX_COLUMNS:
            raise DataError(
                f"{source.where(key)}: expected at most {MAX_COLUMNS} columns, got {len(file.schema_arrow):,}"
            )
        plain = [
            field.name
            for field in file.schema_arrow
            if not pa.types.is_nested(field.type) and not pa.types.is_binary(field.type)
        ]
        arrow = file.read(columns=plain)
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"{source.where(key)}: expected a parquet file, it cannot be read ({error})"
        ) from error
    table: pd.DataFrame = arrow.to_pandas()
    for name in table.columns:
        if not pd.api.types.is_numeric_dtype(table[name]):
            table[name] = table[name].astype("str").where(table[name].notna(), "")
    table[ROW] = np.arange(1, len(table) + 1)
    return table


def numbers(table: pd.DataFrame, column: str, where: str) -> np.ndarray:
    """A column as finite float64.

    Raises:
        DataError: Text, empty, NaN or infinite; the text names file, row and value.
    """
    values = pd.to_numeric(table[column], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        row, got = table[ROW].iloc[bad[0]], table[column].iloc[bad[0]]
        raise DataError(
            f"{where}, row {row}, column {column}: expected a number, got {got!r}"
            + (f" ({len(bad):,} such rows)" if len(bad) > 1 else "")
        )
    return values


def find_column(table: pd.DataFrame, names: Sequence[str]) -> str | None:
    """The first of ``names`` that the table has, whatever the case."""
    have = {str(name).lower(): str(name) for name in reversed(table.columns)}
    return next((have[name] for name in names if name in have), None)
