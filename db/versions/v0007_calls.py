"""What an output records of its call, and the purse of a migration."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "v0007"
down_revision = "v0006"
branch_labels = None
depends_on = None

def upgrade() -> None:
    with op.batch_alter_table("output") as table:
        table.add_column(sa.Column("cache_read_tokens", sa.Integer(), nullable=True))
        table.add_column(sa.Column("cache_write_tokens", sa.Integer(), nullable=True))
        table.add_column(sa.Column("failure_code", sa.Text(), nullable=True))
        table.add_column(sa.Column("tier", sa.Text(), nullable=False, server_default=sa.text("''")))
        table.add_column(sa.Column("region", sqlmodel.AutoString(), nullable=False, server_default=sa.text("''")))
        table.add_column(sa.Column("retried", sa.Text(), nullable=False, server_default=sa.text("'[]'")))
        table.add_column(sa.Column("usd", sa.Float(), nullable=True))
        table.add_column(sa.Column("price_id", sqlmodel.AutoString(), nullable=False, server_default=sa.text("''")))
        table.add_column(sa.Column("lane", sqlmodel.AutoString(), nullable=False, server_default=sa.text("''")))
    op.create_table(
        "purse",
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("budget_usd", sa.Float(), nullable=True),
        sa.Column("spent_usd", sa.Float(), nullable=False),
        sa.Column("stopped", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_purse_migration_id_migration")),
        sa.PrimaryKeyConstraint("migration_id", name=op.f("pk_purse")),
    )
    op.create_table(
        "purse_hold",
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("holder", sqlmodel.AutoString(), nullable=False),
        sa.Column("usd", sa.Float(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_purse_hold_migration_id_migration")),
        sa.PrimaryKeyConstraint("migration_id", "holder", name=op.f("pk_purse_hold")),
    )


def downgrade() -> None:
    op.drop_table("purse_hold")
    op.drop_table("purse")
    with op.batch_alter_table("output") as table:
        table.drop_column("lane")
        table.drop_column("price_id")
        table.drop_column("usd")
        table.drop_column("retried")
        table.drop_column("region")
        table.drop_column("tier")
        table.drop_column("failure_code")
        table.drop_column("cache_write_tokens")
        table.drop_column("cache_read_tokens")
