"""neutral frames of faces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("track_edit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("neutral_first", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("neutral_last", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("track_edit", schema=None) as batch_op:
        batch_op.drop_column("neutral_last")
        batch_op.drop_column("neutral_first")
