"""segments that several workers take."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("analysis_segment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("taken_by", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("taken_fence", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("is_joined", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("analysis_segment", schema=None) as batch_op:
        batch_op.alter_column("is_joined", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("analysis_segment", schema=None) as batch_op:
        batch_op.drop_column("is_joined")
        batch_op.drop_column("taken_fence")
        batch_op.drop_column("taken_by")
