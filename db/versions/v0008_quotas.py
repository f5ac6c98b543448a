"""Limits: where the line of each shared one stands, and what the workers say of those in force."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "v0008"
down_revision = "v0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quota",
        sa.Column("key", sqlmodel.AutoString(), nullable=False),
        sa.Column("line", sa.Float(), nullable=False),
        sa.Column("lent_from", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_quota")),
    )
    op.create_table(
        "limit_told",
        sa.Column("key", sqlmodel.AutoString(), nullable=False),
        sa.Column("worker", sqlmodel.AutoString(), nullable=False),
        sa.Column("ref", sqlmodel.AutoString(), nullable=False),
        sa.Column("requests_per_minute", sa.Float(), nullable=True),
        sa.Column("tokens_per_minute", sa.Float(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("in_flight", sa.Integer(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("pace", sa.Float(), nullable=False),
        sa.Column("waited_s", sa.Float(), nullable=False),
        sa.Column("throttled", sa.Integer(), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", "worker", name=op.f("pk_limit_told")),
    )


def downgrade() -> None:
    op.drop_table("limit_told")
    op.drop_table("quota")
