"""Sessions, made when first asked for. Readers never block; on SQLite, writers queue instead of failing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.orm import Session

from workers.settings import get_settings

BUSY_TIMEOUT_S = 30


@lru_cache(maxsize=4)
def engine_for(url: str) -> Engine:
    """The engine of a database URL, one per process."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_S})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: SqliteConnection, _record: object) -> None:
    # Transactions begin in _begin_sqlite, not wherever the driver thinks fit.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_S * 1000}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another wrote between ("database is
    # locked", whatever the timeout). One that says so at its start waits for its turn.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def current_engine() -> Engine:
    """The engine of the settings' database."""
    return engine_for(get_settings().database)


@contextmanager
def reading() -> Iterator[Session]:
    """A short session that only reads."""
    with Session(current_engine()) as session:
        yield session


@contextmanager
def writing() -> Iterator[Session]:
    """A short transaction: committed at the end, rolled back on an exception."""
    with Session(current_engine().execution_options(writes=True)) as session, session.begin():
        yield session


def dispose() -> None:
    """Close all connections (tests, and before a process forks)."""
    current_engine().dispose()
    engine_for.cache_clear()
