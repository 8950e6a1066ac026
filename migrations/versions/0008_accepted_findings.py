"""findings that a person accepted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("dataset", schema=None) as batch_op:
        batch_op.add_column(sa.Column("accepted", sa.JSON(), nullable=False, server_default="{}"))
    with op.batch_alter_table("dataset", schema=None) as batch_op:
        batch_op.alter_column("accepted", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("dataset", schema=None) as batch_op:
        batch_op.drop_column("accepted")
