"""Several hosts: who is alive, who works on a delivery, and files in pieces."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "v0005"
down_revision = "v0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "process",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column("holder", sqlmodel.AutoString(), nullable=False),
        sa.Column("host", sqlmodel.AutoString(), nullable=False),
        sa.Column("started_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("beat_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("until", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('bot', 'worker')", name=op.f("ck_process_kind")),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f("pk_process")),
    )
    op.create_table(
        "file_piece",
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", "number", name=op.f("pk_file_piece")),
    )
    with op.batch_alter_table("delivery") as table:
        table.add_column(sa.Column("taken_by", sqlmodel.AutoString(), nullable=False, server_default=sa.text("''")))


def downgrade() -> None:
    with op.batch_alter_table("delivery") as table:
        table.drop_column("taken_by")
    op.drop_table("file_piece")
    op.drop_table("process")
