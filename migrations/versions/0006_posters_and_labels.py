"""poster figures, labels of videos, faces below maps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from workers.store import tables

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "poster_figure",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("created_at", tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("analysis_id", sa.String(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_poster_figure_job_id_job")),
        sa.ForeignKeyConstraint(
            ["analysis_id"],
            ["analysis.id"],
            name=op.f("fk_poster_figure_analysis_id_analysis"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poster_figure")),
        sa.UniqueConstraint("job_id", name=op.f("uq_poster_figure_job_id")),
    )
    with op.batch_alter_table("poster_figure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_poster_figure_analysis_id"), ["analysis_id"], unique=False)
    with op.batch_alter_table("video", schema=None) as batch_op:
        batch_op.add_column(sa.Column("labels", sa.String(), nullable=True))
    with op.batch_alter_table("activation_map", schema=None) as batch_op:
        batch_op.add_column(sa.Column("face_file", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("activation_map", schema=None) as batch_op:
        batch_op.drop_column("face_file")
    with op.batch_alter_table("video", schema=None) as batch_op:
        batch_op.drop_column("labels")
    with op.batch_alter_table("poster_figure", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_poster_figure_analysis_id"))
    op.drop_table("poster_figure")
