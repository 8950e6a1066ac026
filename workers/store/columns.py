"""Which columns a record needs, so that a list of many reads them alone and builds no object per row."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect

from workers.records import Record
from workers.store.tables import Base


def record_columns(table: type[Base], record: type[Record]) -> list[Any]:
    """The table's columns that the record has fields for, under the fields' names."""
    columns = inspect(table).columns
    return [getattr(table, name) for name in record.model_fields if name in columns]
