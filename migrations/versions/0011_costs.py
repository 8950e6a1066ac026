"""what trainings cost, as measured."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from workers.store.tables import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "training_cost",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("measured", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_training_cost_job_id_job"),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name="fk_training_cost_dataset_id_dataset"),
        sa.PrimaryKeyConstraint("id", name="pk_training_cost"),
        sa.UniqueConstraint("job_id", name="uq_training_cost_job_id"),
    )
    with op.batch_alter_table("training_cost", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_training_cost_key"), ["key"])


def downgrade() -> None:
    with op.batch_alter_table("training_cost", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_training_cost_key"))
    op.drop_table("training_cost")
