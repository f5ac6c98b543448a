"""Batch jobs of runs, and who chose them."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "v0009"
down_revision = "v0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "batch_choice",
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("by", sqlmodel.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_batch_choice_migration_id")),
        sa.PrimaryKeyConstraint("migration_id", name=op.f("pk_batch_choice")),
    )
    op.create_table(
        "batch_job",
        sa.Column("run_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("low", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("high", sa.Integer(), nullable=False),
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("arn", sa.Text(), nullable=True),
        sa.Column("ending", sqlmodel.AutoString(), nullable=True),
        sa.Column("usd", sa.Float(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_batch_job_migration_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_batch_job_run_id")),
        sa.PrimaryKeyConstraint("run_id", "low", "attempt", name=op.f("pk_batch_job")),
    )
    op.create_index(op.f("ix_batch_job_migration_id"), "batch_job", ["migration_id"])


def downgrade() -> None:
    op.drop_table("batch_job")
    op.drop_table("batch_choice")
