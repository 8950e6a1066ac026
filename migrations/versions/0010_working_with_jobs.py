"""paused jobs, groups of jobs, who started them, who was told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from workers.store.tables import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job_group",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_job_group"),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("pause_requested", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("started_by", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("group_id", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("notified_at", UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("notify_tries", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_foreign_key(
            batch_op.f("fk_job_group_id_job_group"), "job_group", ["group_id"], ["id"]
        )
        batch_op.create_index(batch_op.f("ix_job_group_id"), ["group_id"])


def downgrade() -> None:
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_group_id"))
        batch_op.drop_constraint(batch_op.f("fk_job_group_id_job_group"), type_="foreignkey")
        for name in ("notify_tries", "notified_at", "group_id", "started_by", "pause_requested"):
            batch_op.drop_column(name)
    op.drop_table("job_group")
