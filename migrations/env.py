"""Run migrations on the settings' database, against the tables of :mod:`workers.store.tables`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import context
from sqlalchemy import Connection

from workers.store.session import current_engine
from workers.store.tables import Base


@contextmanager
def unlinked(connection: Connection) -> Iterator[None]:
    """Let SQLite change a column of a table that others point to, which it does by making the table anew.

    References are checked as a whole at the end instead; the transaction fails where one leads nowhere.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")  # has no effect once a transaction is open
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def check_references(connection: Connection) -> None:
    """Raise where a row points to one that is not there."""
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(3)
    if broken:
        raise RuntimeError(
            f"the migration would leave rows that point nowhere: {broken}; nothing was changed"
        )


with current_engine().execution_options(writes=True).connect() as connection, unlinked(connection):
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,  # SQLite changes a column by copying its table
        compare_type=True,
        transactional_ddl=True,  # SQLite's is too, since the engine says BEGIN itself: all migrations or none
        user_module_prefix="tables.",
    )
    with context.begin_transaction():
        context.run_migrations()
        check_references(connection)
