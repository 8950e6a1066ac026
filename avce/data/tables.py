"""Label tables: csv, tsv and parquet, read strictly. What is odd is refused with file, row and reason."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain

import numpy as np
import pandas as pd

from avce.data.sources import Source
from avce.errors import DataError

MAX_COLUMNS = 512
CHUNK_ROWS = 20_000
"""Rows held as Python strings at a time, which take several times the room of packed ones."""
MAX_LINE = 1 << 24
ROW = "label_row"
"""Column with the line number in the file, from 1, the header being line 1."""


def read_table(
    source: Source, key: str, *, header: Sequence[str] | None = None, wanted: Collection[str] | None = None
) -> pd.DataFrame:
    """Columns as text, plus :data:`ROW`. Read in pieces: only packed columns stay in memory.

    Args:
        source: Where the table lies.
        key: Its name.
        header: Column names for a file that has none; ``None``: the first line names them.
        wanted: Names in lower case of the columns to keep; ``None``: all.

    Raises:
        DataError: Not UTF-8, a row with another number of fields, no header, too many columns, an unreadable
            parquet file.
    """
    if key.lower().endswith(".parquet"):
        return _read_parquet(source, key, wanted)
    lines = decoded_lines(source.pieces(key), source.where(key))
    return _parse(lines, source.where(key), header, wanted)


def parse_csv(data: bytes, where: str, *, header: Sequence[str] | None = None) -> pd.DataFrame:
    """As :func:`read_table`, from bytes."""
    return _parse(decoded_lines([data], where), where, header, None)


def _parse(
    lines: Iterator[str], where: str, header: Sequence[str] | None, wanted: Collection[str] | None
) -> pd.DataFrame:
    """The separator (comma, semicolon, tab) is seen in the first line that is not empty."""
    head = []
    for line in lines:
        head.append(line)
        if line != "\n":
            break
    first = head[-1] if head else ""
    separator = separator_of(first)
    if first.count(separator) >= MAX_COLUMNS:
        raise DataError(
            f"{where}: expected at most {MAX_COLUMNS} columns, got {first.count(separator) + 1:,}"
        )
    reader = csv.reader(chain(head, lines), delimiter=separator, strict=True)
    packer = _Packer(where, list(header) if header is not None else None, wanted)
    try:
        for fields in reader:
            if fields and (len(fields) > 1 or fields[0].strip()):
                packer.add(fields, reader.line_num)
    except csv.Error as error:
        raise DataError(f"{where}, row {reader.line_num}: not a csv line ({error})") from error
    return packer.table()


class _Packer:
    """Collects rows, and packs each :data:`CHUNK_ROWS` of them."""

    def __init__(self, where: str, names: list[str] | None, wanted: Collection[str] | None) -> None:
        self.where, self.names, self.wanted = where, names, wanted
        self._columns: list[tuple[int, str]] | None = None
        self._rows: list[list[str]] = []
        self._numbers: list[int] = []
        self._parts: list[pd.DataFrame] = []

    def add(self, fields: list[str], number: int) -> None:
        if self.names is None:
            self.names = _header(fields, self.where)
            return
        if len(fields) != len(self.names):
            expected = f"{len(self.names)} fields ({', '.join(self.names[:8])})"
            raise DataError(f"{self.where}, row {number}: expected {expected}, got {len(fields)}")
        self._rows.append(fields if self.wanted is None else [fields[at] for at, _ in self.columns()])
        self._numbers.append(number)
        if len(self._rows) == CHUNK_ROWS:
            self._pack()

    def columns(self) -> list[tuple[int, str]]:
        """Positions and names of the columns that are kept."""
        if self._columns is None:
            named = enumerate(self.names or ())
            self._columns = [
                (at, name) for at, name in named if self.wanted is None or name.lower() in self.wanted
            ]
        return self._columns

    def _pack(self) -> None:
        names = [name for _, name in self.columns()]
        columns = list(zip(*self._rows, strict=True)) if self._rows else [()] * len(names)
        packed = {
            name: pd.Series(list(column), dtype="str").str.strip()
            for name, column in zip(names, columns, strict=True)
        }
        self._parts.append(pd.DataFrame(packed | {ROW: np.array(self._numbers, dtype=np.int64)}))
        self._rows, self._numbers = [], []

    def table(self) -> pd.DataFrame:
        if self.names is None:
            raise DataError(f"{self.where}: expected a header line with column names, the file is empty")
        if self._rows or not self._parts:
            self._pack()
        return self._parts[0] if len(self._parts) == 1 else pd.concat(self._parts, ignore_index=True)


def decoded_lines(pieces: Iterable[bytes], where: str) -> Iterator[str]:
    """Lines of UTF-8 text, each with its line feed; a byte-order mark is dropped.

    Raises:
        DataError: Another encoding, NUL characters, or an endless line; the text names the row.
    """
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8-sig")(), translate=True)
    row, rest = 1, ""
    for piece in chain(pieces, [None]):
        try:
            text = decoder.decode(piece or b"", final=piece is None)
        except UnicodeDecodeError as error:
            row += error.object[: error.start].count(b"\n")
            raise DataError(
                f"{where}, row {row}: expected UTF-8 text, byte {error.object[error.start]:#x} is none; save the file as UTF-8"
            ) from error
        if "\0" in text:
            row += text[: text.index("\0")].count("\n")
            raise DataError(
                f"{where}, row {row}: expected text, there is a NUL character; save the file as UTF-8"
            )
        *lines, rest = (rest + text).split("\n")
        if len(rest) > MAX_LINE:
            raise DataError(
                f"{where}, row {row + len(lines)}: expected lines of at most {MAX_LINE:,} characters"
            )
        row += len(lines)
        for line in lines:
            yield f"{line}\n"
    if rest:
        yield rest


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


def _read_parquet(source: Source, key: str, wanted: Collection[str] | None) -> pd.DataFrame:
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
            if not pa.types.is_nested(field.type)
            and not pa.types.is_binary(field.type)
            and (wanted is None or field.name.lower() in wanted)
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
    values = np.empty(len(table))
    for start in range(0, len(table), CHUNK_ROWS):  # text becomes Python strings on the way
        part = table[column].iloc[start : start + CHUNK_ROWS]
        values[start : start + len(part)] = pd.to_numeric(part, errors="coerce").to_numpy(
            np.float64, na_value=np.nan
        )
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
