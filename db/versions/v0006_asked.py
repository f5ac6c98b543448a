"""Jobs of Advanced Prompt Optimization that people ask for."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "v0006"
down_revision = "v0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "advpo_job",
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("target", sqlmodel.AutoString(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("by", sqlmodel.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("job", sqlmodel.AutoString(), nullable=True),
        sa.Column("stopped_by", sqlmodel.AutoString(), nullable=True),
        sa.Column("prompt_hash", sqlmodel.AutoString(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_advpo_job_state")),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_advpo_job_migration_id")),
        sa.PrimaryKeyConstraint("migration_id", "number", "target", "attempt", name=op.f("pk_advpo_job")),
    )
    op.create_index(op.f("ix_advpo_job_state"), "advpo_job", ["state"], unique=False)


def downgrade() -> None:
    op.drop_table("advpo_job")
