"""what a run says of a face in one packed row, for searches; faces of complete analyses are packed here."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session

from workers.store import series

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

LIMITS = ("valence_min", "valence_max", "arousal_min", "arousal_max", "intensity_min", "intensity_max")


def upgrade() -> None:
    op.create_table(
        "face_series",
        sa.Column("analysis_id", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("track", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Double(), nullable=False) for name in LIMITS),
        sa.Column("pieces", sa.JSON(), nullable=False),
        sa.Column("track_ms", sa.Double(), nullable=False),
        sa.Column("samples", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analysis.id"], name="fk_face_series_analysis_id_analysis", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_face_series_run_id_run"),
        sa.PrimaryKeyConstraint("analysis_id", "run_id", "track", name="pk_face_series"),
    )
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        # Numbers hardly shrink; trying to costs time at each reading.
        op.execute("ALTER TABLE face_series ALTER COLUMN samples SET STORAGE EXTERNAL")
    complete = sa.text(
        "SELECT analysis_id FROM job WHERE kind = 'analyze' AND state = 'succeeded' AND analysis_id IS NOT NULL"
    )
    with Session(bind=connection, join_transaction_mode="create_savepoint") as session, session.begin():
        for analysis_id in session.scalars(complete).all():
            series.write(session, analysis_id)


def downgrade() -> None:
    op.drop_table("face_series")
