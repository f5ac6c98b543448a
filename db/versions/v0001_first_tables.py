"""First tables."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "v0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_event",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("team", sqlmodel.AutoString(), nullable=False),
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=True),
        sa.Column("actor", sqlmodel.AutoString(), nullable=False),
        sa.Column("action", sqlmodel.AutoString(), nullable=False),
        sa.Column("detail_json", sa.Text(), nullable=False),
        sa.Column("previous", sqlmodel.AutoString(), nullable=False),
        sa.Column("hash", sqlmodel.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_event")),
    )
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_event_migration_id"), ["migration_id"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sqlmodel.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "delivery",
        sa.Column("key", sqlmodel.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.AutoString(), nullable=False),
        sa.Column("body_json", sa.Text(), nullable=False),
        sa.Column("state", sqlmodel.AutoString(), nullable=False),
        sa.Column("received_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'done', 'refused')", name=op.f("ck_delivery_state")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_delivery")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_state_received_at"), ["state", "received_at"], unique=False)

    op.create_table(
        "lease",
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column("holder", sqlmodel.AutoString(), nullable=False),
        sa.Column("until", sqlmodel.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "migration",
        sa.Column("id", sqlmodel.AutoString(), nullable=False),
        sa.Column("origin", sqlmodel.AutoString(), nullable=False),
        sa.Column("team", sqlmodel.AutoString(), nullable=False),
        sa.Column("channel", sqlmodel.AutoString(), nullable=False),
        sa.Column("thread_ts", sqlmodel.AutoString(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("use_case", sa.Text(), nullable=False),
        sa.Column("source", sqlmodel.AutoString(), nullable=False),
        sa.Column("targets", sa.Text(), nullable=False),
        sa.Column("requester", sqlmodel.AutoString(), nullable=False),
        sa.Column("owner", sqlmodel.AutoString(), nullable=True),
        sa.Column("smes", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("again_of", sqlmodel.AutoString(), nullable=True),
        sa.CheckConstraint(
            "status IN ('open', 'paused', 'cancelled', 'signed', 'rejected', 'stuck')", name=op.f("ck_migration_status")
        ),
        sa.CheckConstraint(
            "use_case IN ('classification', 'extraction', 'rag', 'summarization', 'chat', 'code')",
            name=op.f("ck_migration_use_case"),
        ),
        sa.ForeignKeyConstraint(["again_of"], ["migration.id"], name=op.f("fk_migration_again_of")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_migration")),
        sa.UniqueConstraint("channel", "thread_ts", name=op.f("uq_migration_channel_thread_ts")),
        sa.UniqueConstraint("origin", name=op.f("uq_migration_origin")),
    )
    with op.batch_alter_table("migration", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_migration_status"), ["status"], unique=False)
        batch_op.create_index(batch_op.f("ix_migration_team"), ["team"], unique=False)

    op.create_table(
        "candidate",
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("target", sqlmodel.AutoString(), nullable=False),
        sa.Column("prompt_hash", sqlmodel.AutoString(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_candidate_migration_id")),
        sa.PrimaryKeyConstraint("migration_id", "round", "target", "prompt_hash", name=op.f("pk_candidate")),
    )
    op.create_table(
        "dataset_version",
        sa.Column("id", sqlmodel.AutoString(), nullable=False),
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sqlmodel.AutoString(), nullable=False),
        sa.Column("source_name", sa.Text(), nullable=False),
        sa.Column("dev", sa.Integer(), nullable=False),
        sa.Column("test", sa.Integer(), nullable=False),
        sa.Column("findings_json", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_dataset_version_migration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset_version")),
        sa.UniqueConstraint("migration_id", "hash", name=op.f("uq_dataset_version_migration_id_hash")),
        sa.UniqueConstraint("migration_id", "number", name=op.f("uq_dataset_version_migration_id_number")),
    )
    op.create_table(
        "decision",
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("question", sqlmodel.AutoString(), nullable=False),
        sa.Column("answer", sqlmodel.AutoString(), nullable=False),
        sa.Column("by", sqlmodel.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("change", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_decision_migration_id")),
        sa.PrimaryKeyConstraint("migration_id", "question", name=op.f("pk_decision")),
    )
    op.create_table(
        "message",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sqlmodel.AutoString(), nullable=False),
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=True),
        sa.Column("channel", sqlmodel.AutoString(), nullable=False),
        sa.Column("place", sqlmodel.AutoString(), nullable=False),
        sa.Column("lane", sqlmodel.AutoString(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("ts", sqlmodel.AutoString(), nullable=True),
        sa.Column("state", sqlmodel.AutoString(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("try_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("sent_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('status', 'question', 'findings', 'progress', 'prompts', 'review', 'table', 'files', 'digest', 'reply', 'problem')",
            name=op.f("ck_message_kind"),
        ),
        sa.CheckConstraint("place <> 'thread' OR migration_id IS NOT NULL", name=op.f("ck_message_thread")),
        sa.CheckConstraint("sent <= revision AND (state = 'sent') = (sent = revision)", name=op.f("ck_message_revision")),
        sa.CheckConstraint("state IN ('waiting', 'sending', 'sent', 'held')", name=op.f("ck_message_state")),
        sa.CheckConstraint("ts IS NOT NULL OR sent = 0", name=op.f("ck_message_posted")),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_message_migration_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_message")),
        sa.UniqueConstraint("key", name=op.f("uq_message_key")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_message_migration_id"), ["migration_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_message_state"), ["state"], unique=False)

    op.create_table(
        "plan",
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sqlmodel.AutoString(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_plan_migration_id")),
        sa.PrimaryKeyConstraint("migration_id", "number", name=op.f("pk_plan")),
    )
    op.create_table(
        "prompt_version",
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("hash", sqlmodel.AutoString(), nullable=False),
        sa.Column("original", sa.Boolean(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_prompt_version_migration_id")),
        sa.PrimaryKeyConstraint("migration_id", "hash", name=op.f("pk_prompt_version")),
    )
    op.create_table(
        "question",
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("key", sqlmodel.AutoString(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sqlmodel.AutoString(), nullable=False),
        sa.Column("asked_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("closed_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('dataset', 'plan', 'runs', 'review', 'report', 'sign_off')", name=op.f("ck_question_kind")),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_question_migration_id")),
        sa.PrimaryKeyConstraint("migration_id", "key", name=op.f("pk_question")),
    )
    op.create_table(
        "report",
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sqlmodel.AutoString(), nullable=False),
        sa.Column("json_zstd", sa.LargeBinary(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_report_migration_id")),
        sa.PrimaryKeyConstraint("migration_id", "number", name=op.f("pk_report")),
    )
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_hash"), ["hash"], unique=False)

    op.create_table(
        "selection",
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("target", sqlmodel.AutoString(), nullable=False),
        sa.Column("prompt_hash", sqlmodel.AutoString(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_selection_migration_id")),
        sa.PrimaryKeyConstraint("migration_id", "round", "target", name=op.f("pk_selection")),
    )
    op.create_table(
        "sign_off",
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("report_hash", sqlmodel.AutoString(), nullable=False),
        sa.Column("by", sqlmodel.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_sign_off_migration_id")),
        sa.PrimaryKeyConstraint("migration_id", name=op.f("pk_sign_off")),
    )
    op.create_table(
        "upload",
        sa.Column("id", sqlmodel.AutoString(), nullable=False),
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("path", sqlmodel.AutoString(), nullable=False),
        sa.Column("by", sqlmodel.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.AutoString(), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'frozen', 'refused')", name=op.f("ck_upload_state")),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_upload_migration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_upload_migration_id"), ["migration_id"], unique=False)

    op.create_table(
        "run",
        sa.Column("id", sqlmodel.AutoString(), nullable=False),
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("dataset_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("stage", sqlmodel.AutoString(), nullable=False),
        sa.Column("model", sqlmodel.AutoString(), nullable=False),
        sa.Column("prompt_hash", sqlmodel.AutoString(), nullable=False),
        sa.Column("split", sa.Text(), nullable=False),
        sa.Column("purpose", sqlmodel.AutoString(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.CheckConstraint("split IN ('dev', 'test')", name=op.f("ck_run_split")),
        sa.CheckConstraint("status IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_run_status")),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset_version.id"], name=op.f("fk_run_dataset_id")),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_run_migration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.UniqueConstraint(
            "migration_id",
            "stage",
            "model",
            "prompt_hash",
            "split",
            "purpose",
            name=op.f("uq_run_migration_id_stage_model_prompt_hash_split_purpose"),
        ),
    )
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_run_status"), ["status"], unique=False)

    op.create_table(
        "sample",
        sa.Column("dataset_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("sample_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("split", sa.Text(), nullable=False),
        sa.Column("input_hash", sqlmodel.AutoString(), nullable=False),
        sa.Column("sample", sa.Text(), nullable=False),
        sa.CheckConstraint("split IN ('dev', 'test')", name=op.f("ck_sample_split")),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset_version.id"], name=op.f("fk_sample_dataset_id")),
        sa.PrimaryKeyConstraint("dataset_id", "sample_id", name=op.f("pk_sample")),
    )
    op.create_table(
        "monitor",
        sa.Column("id", sqlmodel.AutoString(), nullable=False),
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("target", sqlmodel.AutoString(), nullable=False),
        sa.Column("prompt_hash", sqlmodel.AutoString(), nullable=False),
        sa.Column("baseline_run", sqlmodel.AutoString(), nullable=False),
        sa.Column("cron", sqlmodel.AutoString(), nullable=False),
        sa.Column("timezone", sqlmodel.AutoString(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["baseline_run"], ["run.id"], name=op.f("fk_monitor_baseline_run")),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_monitor_migration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitor")),
        sa.UniqueConstraint("migration_id", "target", name=op.f("uq_monitor_migration_id_target")),
    )
    op.create_table(
        "output",
        sa.Column("run_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("sample_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("text_zstd", sa.LargeBinary(), nullable=True),
        sa.Column("stop_reason", sqlmodel.AutoString(), nullable=True),
        sa.Column("input_tokens", sa.Integer(), nullable=True),
        sa.Column("output_tokens", sa.Integer(), nullable=True),
        sa.Column("latency_s", sa.Float(), nullable=True),
        sa.Column("ttft_s", sa.Float(), nullable=True),
        sa.Column("failure_kind", sqlmodel.AutoString(), nullable=True),
        sa.Column("failure_message", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("request_id", sqlmodel.AutoString(), nullable=True),
        sa.Column("tool_calls", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_output_run_id")),
        sa.PrimaryKeyConstraint("run_id", "sample_id", name=op.f("pk_output")),
    )
    op.create_table(
        "review_assignment",
        sa.Column("id", sqlmodel.AutoString(), nullable=False),
        sa.Column("migration_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("sample_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("sme", sqlmodel.AutoString(), nullable=False),
        sa.Column("run_a", sqlmodel.AutoString(), nullable=False),
        sa.Column("run_b", sqlmodel.AutoString(), nullable=False),
        sa.Column("pair", sqlmodel.AutoString(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["migration_id"], ["migration.id"], name=op.f("fk_review_assignment_migration_id")),
        sa.ForeignKeyConstraint(["run_a"], ["run.id"], name=op.f("fk_review_assignment_run_a")),
        sa.ForeignKeyConstraint(["run_b"], ["run.id"], name=op.f("fk_review_assignment_run_b")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_assignment")),
        sa.UniqueConstraint(
            "migration_id",
            "round",
            "sme",
            "sample_id",
            "pair",
            name=op.f("uq_review_assignment_migration_id_round_sme_sample_id_pair"),
        ),
    )
    op.create_table(
        "digest",
        sa.Column("id", sqlmodel.AutoString(), nullable=False),
        sa.Column("monitor_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("tick", sqlmodel.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.AutoString(), nullable=False),
        sa.Column("run_id", sqlmodel.AutoString(), nullable=True),
        sa.Column("json_zstd", sa.LargeBinary(), nullable=True),
        sa.Column("claimed_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("lease_until", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('claimed', 'done')", name=op.f("ck_digest_state")),
        sa.ForeignKeyConstraint(["monitor_id"], ["monitor.id"], name=op.f("fk_digest_monitor_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_digest_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest")),
        sa.UniqueConstraint("monitor_id", "tick", name=op.f("uq_digest_monitor_id_tick")),
    )
    with op.batch_alter_table("digest", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_digest_state"), ["state"], unique=False)

    op.create_table(
        "preference",
        sa.Column("assignment_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("by", sqlmodel.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("choice IN ('a', 'b', 'same')", name=op.f("ck_preference_choice")),
        sa.ForeignKeyConstraint(["assignment_id"], ["review_assignment.id"], name=op.f("fk_preference_assignment_id")),
        sa.PrimaryKeyConstraint("assignment_id", name=op.f("pk_preference")),
    )
    op.create_table(
        "score",
        sa.Column("run_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("metric", sqlmodel.AutoString(), nullable=False),
        sa.Column("sample_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("unscored", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id", "sample_id"],
            ["output.run_id", "output.sample_id"],
            name=op.f("fk_score_run_id_sample_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "metric", "sample_id", name=op.f("pk_score")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("score")
    op.drop_table("preference")
    with op.batch_alter_table("digest", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_digest_state"))

    op.drop_table("digest")
    op.drop_table("review_assignment")
    op.drop_table("output")
    op.drop_table("monitor")
    op.drop_table("sample")
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_run_status"))

    op.drop_table("run")
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_upload_migration_id"))

    op.drop_table("upload")
    op.drop_table("sign_off")
    op.drop_table("selection")
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_hash"))

    op.drop_table("report")
    op.drop_table("question")
    op.drop_table("prompt_version")
    op.drop_table("plan")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_message_state"))
        batch_op.drop_index(batch_op.f("ix_message_migration_id"))

    op.drop_table("message")
    op.drop_table("decision")
    op.drop_table("dataset_version")
    op.drop_table("candidate")
    with op.batch_alter_table("migration", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_migration_team"))
        batch_op.drop_index(batch_op.f("ix_migration_status"))

    op.drop_table("migration")
    op.drop_table("lease")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_state_received_at"))

    op.drop_table("delivery")
    op.drop_table("audit_head")
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_event_migration_id"))

    op.drop_table("audit_event")
