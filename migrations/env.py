"""Run migrations on the settings' database, against the tables of :mod:`workers.store.tables`."""

from __future__ import annotations

from alembic import context

from workers.store.session import current_engine
from workers.store.tables import Base

with current_engine().execution_options(writes=True).connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,  # SQLite changes a column by copying its table
        compare_type=True,
        user_module_prefix="tables.",
    )
    with context.begin_transaction():
        context.run_migrations()
