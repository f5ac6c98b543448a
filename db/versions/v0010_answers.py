"""Who kept or reverted a turn, and when a job of Advanced Prompt Optimization began."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "v0010"
down_revision = "v0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("round_turn", sa.Column("kept_by", sqlmodel.AutoString(), nullable=True))
    op.add_column("advpo_job", sa.Column("begun_at", sqlmodel.UTCDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("advpo_job", "begun_at")
    op.drop_column("round_turn", "kept_by")
