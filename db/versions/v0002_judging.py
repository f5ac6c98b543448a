"""Rulings of judges, trials of criteria, second opinions, doubted references; three more kinds of message."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = 'v0002'
down_revision = 'v0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('ruling',
    sa.Column('key', sqlmodel.AutoString(), nullable=False),
    sa.Column('judge', sqlmodel.AutoString(), nullable=False),
    sa.Column('text_zstd', sa.LargeBinary(), nullable=False),
    sa.Column('input_tokens', sa.Integer(), nullable=False),
    sa.Column('output_tokens', sa.Integer(), nullable=False),
    sa.Column('at', sqlmodel.UTCDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_ruling'))
    )
    op.create_table('trial',
    sa.Column('id', sqlmodel.AutoString(), nullable=False),
    sa.Column('migration_id', sqlmodel.AutoString(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('metric', sqlmodel.AutoString(), nullable=False),
    sa.Column('result_zstd', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['migration_id'], ['migration.id'], name=op.f('fk_trial_migration_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_trial'))
    )
    op.create_table('reference_check',
    sa.Column('id', sqlmodel.AutoString(), nullable=False),
    sa.Column('migration_id', sqlmodel.AutoString(), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('dataset_id', sqlmodel.AutoString(), nullable=False),
    sa.Column('sample_id', sqlmodel.AutoString(), nullable=False),
    sa.Column('sme', sqlmodel.AutoString(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('why', sa.Text(), nullable=False),
    sa.Column('suggestion', sa.Text(), nullable=True),
    sa.Column('answer', sa.Text(), nullable=True),
    sa.Column('reference', sa.Text(), nullable=True),
    sa.Column('by', sqlmodel.AutoString(), nullable=True),
    sa.Column('at', sqlmodel.UTCDateTime(), nullable=True),
    sa.CheckConstraint("answer IN ('keep', 'fix', 'unsure')", name=op.f('ck_reference_check_answer')),
    sa.ForeignKeyConstraint(['dataset_id'], ['dataset_version.id'], name=op.f('fk_reference_check_dataset_id')),
    sa.ForeignKeyConstraint(['migration_id'], ['migration.id'], name=op.f('fk_reference_check_migration_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reference_check')),
    sa.UniqueConstraint('migration_id', 'round', 'sample_id', name=op.f('uq_reference_check_migration_id_round_sample_id'))
    )
    op.create_table('evaluation_job',
    sa.Column('id', sqlmodel.AutoString(), nullable=False),
    sa.Column('migration_id', sqlmodel.AutoString(), nullable=False),
    sa.Column('run_id', sqlmodel.AutoString(), nullable=False),
    sa.Column('part', sa.Integer(), nullable=False),
    sa.Column('job', sqlmodel.AutoString(), nullable=True),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('problem', sa.Text(), nullable=True),
    sa.Column('result_zstd', sa.LargeBinary(), nullable=True),
    sa.Column('at', sqlmodel.UTCDateTime(), nullable=False),
    sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name=op.f('ck_evaluation_job_state')),
    sa.ForeignKeyConstraint(['migration_id'], ['migration.id'], name=op.f('fk_evaluation_job_migration_id')),
    sa.ForeignKeyConstraint(['run_id'], ['run.id'], name=op.f('fk_evaluation_job_run_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evaluation_job')),
    sa.UniqueConstraint('run_id', 'part', name=op.f('uq_evaluation_job_run_id_part'))
    )
    with op.batch_alter_table('evaluation_job', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_evaluation_job_state'), ['state'], unique=False)

    with op.batch_alter_table('score', schema=None) as batch_op:
        batch_op.add_column(sa.Column('calls', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('input_tokens', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('output_tokens', sa.Integer(), nullable=True))

    _more_kinds_of_message()


KINDS = (
    "status", "question", "findings", "progress", "prompts", "review", "table", "files", "digest", "trial", "references", "errors",
    "reply", "problem",
)


def _more_kinds_of_message() -> None:
    """SQLite cannot change a check: the table is copied with the new one in place of the old one."""
    kind = "kind IN (" + ", ".join(f"'{name}'" for name in KINDS) + ")"
    with op.batch_alter_table("message") as table:
        table.drop_constraint(op.f("ck_message_kind"), type_="check")
        table.create_check_constraint(op.f("ck_message_kind"), sa.text(kind))
