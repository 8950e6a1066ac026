"""bands around the values of a trajectory."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BAND = ("valence_low", "valence_high", "arousal_low", "arousal_high")


def upgrade() -> None:
    # Not in a batch: SQLite adds columns in place, and would copy millions of rows else.
    for name in BAND:
        op.add_column("trajectory_point", sa.Column(name, sa.Double(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("trajectory_point", schema=None) as batch_op:
        for name in reversed(BAND):
            batch_op.drop_column(name)
