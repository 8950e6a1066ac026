"""Write a trajectory as csv, parquet or JSON, streaming, and further columns beside it. Torch-free."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal, Self

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from avce.video.points import TRAJECTORY_COLUMNS, Point
from avce.video.states import FrameState

KEYS = TRAJECTORY_COLUMNS[:3]
"""Columns that say which row it is, in every file beside ``trajectory.csv``."""
Format = Literal["csv", "parquet", "json"]
ROWS_AT_A_TIME = 10_000
_TYPES = {"frame": pa.int64(), "track": pa.int64(), "state": pa.string(), "run_id": pa.string()}


class CsvWriter:
    """Appends rows to a csv file with exactly :data:`TRAJECTORY_COLUMNS`; empty cells stay empty.

    Args:
        path: File to write.
        predictor: Which predictor's values to write.
    """

    def __init__(self, path: Path | str, *, predictor: int = 0) -> None:
        self.predictor = predictor
        self._file = Path(path).open("w", encoding="utf-8", newline="")  # noqa: SIM115 - closed by __exit__
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(TRAJECTORY_COLUMNS)

    def write(self, points: Iterable[Point]) -> None:
        """Append rows; fits as the sink of :func:`avce.video.analyze.analyze_video`."""
        self._writer.writerows(point.row(self.predictor) for point in points)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def write_csv(points: Iterable[Point], path: Path | str, *, predictor: int = 0) -> None:
    """Write a csv file with exactly :data:`TRAJECTORY_COLUMNS`.

    Args:
        points: Rows in the order in which they shall stand.
        path: File to write.
        predictor: Which predictor's values to write.
    """
    with CsvWriter(path, predictor=predictor) as writer:
        writer.write(points)


def write_parquet(points: Iterable[Point], path: Path | str, *, predictor: int = 0) -> None:
    """Write a parquet file with the columns of :func:`write_csv`; missing values are null."""
    with Path(path).open("wb") as file:
        write_tables(_tables(points, predictor), file, "parquet")


def write_json(points: Iterable[Point], path: Path | str, *, predictor: int = 0) -> None:
    """Write a JSON list of objects with the columns of :func:`write_csv`; missing values are null."""
    with Path(path).open("wb") as file:
        write_tables(_tables(points, predictor), file, "json")


def _tables(points: Iterable[Point], predictor: int) -> Iterator[pd.DataFrame]:
    rows: list[tuple[object, ...]] = []
    for point in points:
        rows.append(point.row(predictor))
        if len(rows) == ROWS_AT_A_TIME:
            yield trajectory_frame(rows)
            rows = []
    yield trajectory_frame(rows)


def trajectory_frame(
    rows: Iterable[tuple[object, ...]], columns: tuple[str, ...] = TRAJECTORY_COLUMNS
) -> pd.DataFrame:
    """Rows as a table with the types that all functions on trajectories expect."""
    table = pd.DataFrame(rows, columns=list(columns))
    numbers = {name: "float64" for name in columns if name not in _TYPES}
    return table.astype(numbers | {"frame": "int64", "track": "Int64", "state": "object"})


def read_trajectory(path: Path | str) -> pd.DataFrame:
    """A ``trajectory.csv`` as a table."""
    return pd.read_csv(path, dtype={"track": "Int64"})


def read_points(path: Path | str) -> Iterator[Point]:
    """Rows of a ``trajectory.csv`` as points, one after the other."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            cells = [float(row[name]) if row[name] else None for name in TRAJECTORY_COLUMNS[4:]]
            valence, arousal, confidence, x0, y0, x1, y1 = cells
            box = None if None in (x0, y0, x1, y1) else (x0 or 0.0, y0 or 0.0, x1 or 0.0, y1 or 0.0)
            values = None if valence is None or arousal is None else (valence, arousal)
            track = int(row["track"]) if row["track"] else None
            state = FrameState(row["state"])
            yield Point(int(row["frame"]), float(row["pts_ms"]), track, state, box, confidence, (values,))


def write_beside(
    trajectory: Path | str, path: Path | str, columns: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    """Write further columns for the rows of a ``trajectory.csv``, which is not changed; empty cells stay empty.

    Args:
        trajectory: The file to read.
        path: The csv file to write: :data:`KEYS`, then the further columns.
        columns: Makes them from the table.
    """
    table = read_trajectory(trajectory)
    rows = pd.concat([table[list(KEYS)], columns(table).round(6)], axis=1)
    rows.to_csv(path, index=False, lineterminator="\n")


def write_tables(tables: Iterable[pd.DataFrame], file: BinaryIO, kind: Format) -> None:
    """Write pieces of one table as one file, in bounded memory.

    Args:
        tables: At least one, all with the same columns.
        file: Open for writing bytes.
        kind: csv, parquet, or a JSON list of objects; missing values are empty cells or null.
    """
    {"csv": _write_csv, "parquet": _write_parquet, "json": _write_json}[kind](tables, file)


def _write_csv(tables: Iterable[pd.DataFrame], file: BinaryIO) -> None:
    for number, table in enumerate(tables):
        text = table.to_csv(index=False, header=not number, lineterminator="\n")
        file.write(text.encode())


def _write_parquet(tables: Iterable[pd.DataFrame], file: BinaryIO) -> None:
    writer = None
    for table in tables:
        if writer is None:
            schema = pa.schema([(str(name), _TYPES.get(str(name), pa.float64())) for name in table.columns])
            writer = pq.ParquetWriter(file, schema)
        writer.write_table(pa.Table.from_pandas(table, schema=writer.schema, preserve_index=False))
    if writer is not None:
        writer.close()


def _write_json(tables: Iterable[pd.DataFrame], file: BinaryIO) -> None:
    file.write(b"[")
    separator = b"\n "
    for table in tables:
        objects = table.astype("object").where(table.notna(), None).to_dict(orient="records")
        for row in objects:
            file.write(separator + json.dumps(row).encode())
            separator = b",\n "
    file.write(b"\n]\n")
