"""Write a trajectory as csv, parquet or JSON, streaming. Torch-free."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from avce.video.points import TRAJECTORY_COLUMNS, Point

_SCHEMA = pa.schema(
    [
        pa.field("frame", pa.int64()),
        pa.field("pts_ms", pa.float64()),
        pa.field("track", pa.int64()),
        pa.field("state", pa.string()),
        *(pa.field(name, pa.float64()) for name in TRAJECTORY_COLUMNS[4:]),
    ]
)


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
    with pq.ParquetWriter(str(path), _SCHEMA) as writer:
        for rows in _chunks(points, predictor):
            columns = [list(column) for column in zip(*rows, strict=True)]
            writer.write_table(pa.table(dict(zip(TRAJECTORY_COLUMNS, columns, strict=True)), schema=_SCHEMA))


def write_json(points: Iterable[Point], path: Path | str, *, predictor: int = 0) -> None:
    """Write a JSON list of objects with the columns of :func:`write_csv`; missing values are null."""
    with Path(path).open("w", encoding="utf-8") as file:
        file.write("[")
        for number, point in enumerate(points):
            file.write(",\n " if number else "\n ")
            json.dump(dict(zip(TRAJECTORY_COLUMNS, point.row(predictor), strict=True)), file)
        file.write("\n]\n")


def _chunks(
    points: Iterable[Point], predictor: int, size: int = 10_000
) -> Iterable[list[tuple[object, ...]]]:
    rows: list[tuple[object, ...]] = []
    for point in points:
        rows.append(point.row(predictor))
        if len(rows) == size:
            yield rows
            rows = []
    if rows:
        yield rows
