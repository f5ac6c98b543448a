"""The search for prompts: improvements, probes, turns of rounds, tries; who chose what; two kinds of question and of message."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "v0004"
down_revision = "v0003"
branch_labels = None
depends_on = None

MESSAGES = (
    "status", "question", "findings", "progress", "prompts", "round", "try", "review", "table", "files", "digest", "trial",
    "references", "errors", "reply", "problem",
)  # fmt: skip
QUESTIONS = ("dataset", "plan", "runs", "improved", "prompts", "review", "report", "sign_off")
LONG_AGO = "1970-01-01 00:00:00.000000"


def upgrade() -> None:
    op.create_table(
        "improvement",
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("target", sqlmodel.AutoString(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("most_calls", sa.Integer(), nullable=False),
        sa.Column("usd", sa.Float(), nullable=True),
        sa.Column("most_usd", sa.Float(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_improvement_state")),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_improvement_migration_id")),
        sa.PrimaryKeyConstraint("migration_id", "number", "target", name=op.f("pk_improvement")),
    )
    op.create_index(op.f("ix_improvement_state"), "improvement", ["state"], unique=False)
    op.create_table(
        "probe",
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("key", sqlmodel.AutoString(), nullable=False),
        sa.Column("entry_zstd", sa.LargeBinary(), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_probe_migration_id")),
        sa.PrimaryKeyConstraint("migration_id", "key", name=op.f("pk_probe")),
    )
    _turns_and_tries()
    with op.batch_alter_table("candidate") as table:
        table.add_column(sa.Column("fell_at", sa.Integer(), nullable=True))
        table.add_column(sa.Column("fell_why", sa.Text(), nullable=True))
    _choices()
    _more_kinds("message", MESSAGES)
    _more_kinds("question", QUESTIONS)


def _turns_and_tries() -> None:
    op.create_table(
        "round_turn",
        sa.Column("id", sqlmodel.AutoString(), nullable=False),
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("target", sqlmodel.AutoString(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("technique", sqlmodel.AutoString(), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("proposal", sa.Text(), nullable=False),
        sa.Column("sample_ids", sa.Text(), nullable=False),
        sa.Column("parent", sqlmodel.AutoString(), nullable=False),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("prompt_hash", sqlmodel.AutoString(), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("effects", sa.Text(), nullable=True),
        sa.Column("advice", sa.Text(), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_round_turn_migration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_turn")),
    )
    op.create_index(op.f("ix_round_turn_migration_id"), "round_turn", ["migration_id"], unique=False)
    op.create_table(
        "try",
        sa.Column("id", sqlmodel.AutoString(), nullable=False),
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("target", sqlmodel.AutoString(), nullable=False),
        sa.Column("prompt_hash", sqlmodel.AutoString(), nullable=False),
        sa.Column("sample_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("by", sqlmodel.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("output", sa.Text(), nullable=True),
        sa.Column("scores", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_try_migration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_try")),
    )
    op.create_index(op.f("ix_try_migration_id"), "try", ["migration_id"], unique=False)


def _choices() -> None:
    """Every choice there is becomes the first of its target, by Ferry; its time was not kept."""
    with op.batch_alter_table("selection") as table:
        table.add_column(sa.Column("turn", sa.Integer(), nullable=False, server_default="1"))
        table.add_column(sa.Column("by", sqlmodel.AutoString(), nullable=True))
        table.add_column(sa.Column("at", sqlmodel.UTCDateTime(), nullable=False, server_default=sa.text(f"'{LONG_AGO}'")))
        table.drop_constraint(op.f("pk_selection"), type_="primary")
        table.create_primary_key(op.f("pk_selection"), ["migration_id", "round", "target", "turn"])
    with op.batch_alter_table("selection") as table:
        table.alter_column("turn", server_default=None)
        table.alter_column("at", server_default=None)


def _more_kinds(of: str, kinds: tuple[str, ...]) -> None:
    """SQLite cannot change a check: the table is copied with the new one in place of the old one."""
    kind = "kind IN (" + ", ".join(f"'{name}'" for name in kinds) + ")"
    with op.batch_alter_table(of) as table:
        table.drop_constraint(op.f(f"ck_{of}_kind"), type_="check")
        table.create_check_constraint(op.f(f"ck_{of}_kind"), sa.text(kind))
