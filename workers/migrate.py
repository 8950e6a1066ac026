"""``python -m workers.migrate``: bring the database to the newest schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

# The two packages lie side by side, in a checkout and in an installation.
CONFIG = Path(__file__).resolve().parents[1] / "migrations" / "alembic.ini"


def upgrade(revision: str = "head") -> None:
    """Apply all migrations up to ``revision``; does nothing when there are none to apply."""
    command.upgrade(Config(str(CONFIG)), revision)


if __name__ == "__main__":
    upgrade()
