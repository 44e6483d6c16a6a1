"""The ledger: inbox, records, states, outbox, quarantine, offsets, leases."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = (
    "accepted_event",
    "record",
    "patient_state",
    "notice",
    "quarantine",
    "delivery_ledger",
    "topic",
    "relay_lease",
)


def upgrade() -> None:
    """Apply."""
    create_accepted_event()
    create_record()
    create_patient_state()
    create_notice()
    create_quarantine()
    create_delivery_ledger()
    create_topic()
    create_relay_lease()
    tune_state_storage()


def downgrade() -> None:
    """Undo."""
    for table in reversed(TABLES):
        op.drop_table(table)


def column(name: str, kind: sa.types.TypeEngine[Any], default: str | None = None) -> sa.Column[Any]:
    """A column that is never null."""
    server_default = None if default is None else sa.text(default)
    return sa.Column(name, kind, nullable=False, server_default=server_default)


def position() -> sa.Column[Any]:
    """The order of recording."""
    return sa.Column("position", POSITION, sa.Identity(), nullable=False)


def partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    """Index only the rows that are looked for."""
    condition = sa.text(where)
    op.create_index(name, table, columns, postgresql_where=condition, sqlite_where=condition)


def create_accepted_event() -> None:
    """The inbox."""
    op.create_table(
        "accepted_event",
        position(),
        column("source", KEY),
        column("event_id", KEY),
        column("type", sa.Text()),
        column("study_id", KEY),
        column("patient_id", KEY),
        column("arrival", sa.BigInteger()),
        column("record_id", sa.Text()),
        column("record_version", sa.BigInteger()),
        sa.Column("clinical_day", sa.Date()),
        column("content_hash", sa.LargeBinary()),
        column("topic", sa.Text()),
        column("partition", sa.Integer()),
        column("offset", sa.BigInteger()),
        sa.Column("message_key", sa.LargeBinary()),
        column("headers", sa.LargeBinary()),
        sa.Column("value", sa.LargeBinary()),
        column("received_at", MOMENT),
        column("outcome", sa.Text()),
        sa.Column("moved_from_study_id", KEY),
        sa.Column("moved_from_patient_id", KEY),
        sa.Column("moved_arrival", sa.BigInteger()),
        sa.PrimaryKeyConstraint("position", name="pk_accepted_event"),
        sa.UniqueConstraint("source", "event_id", name="uq_accepted_event_source_event_id"),
    )
    by_patient = ["study_id", "patient_id", "arrival"]
    op.create_index("ix_accepted_event_study_id_patient_id_arrival", "accepted_event", by_patient)
    moved_from = ["moved_from_study_id", "moved_from_patient_id", "moved_arrival"]
    condition = "moved_from_patient_id IS NOT NULL"
    partial_index("ix_accepted_event_moved_from", "accepted_event", moved_from, condition)


def create_record() -> None:
    """Where every record stands."""
    op.create_table(
        "record",
        column("source", KEY),
        column("record_id", KEY),
        column("type", sa.Text()),
        column("study_id", KEY),
        column("patient_id", KEY),
        column("standing_version", sa.BigInteger()),
        column("settled", sa.Boolean()),
        column("versions", sa.Text()),
        sa.Column("refused_version", sa.BigInteger()),
        column("revision", sa.BigInteger()),
        sa.PrimaryKeyConstraint("source", "record_id", name="pk_record"),
        postgresql_with={"fillfactor": 90},
    )


def create_patient_state() -> None:
    """What is known of every patient."""
    op.create_table(
        "patient_state",
        column("study_id", KEY),
        column("patient_id", KEY),
        column("version", sa.BigInteger()),
        column("state", sa.Text()),
        sa.Column("next_due_on", sa.Date()),
        column("ruleset_hash", sa.Text()),
        column("incomplete", sa.Boolean()),
        column("revision", sa.BigInteger()),
        column("updated_at", MOMENT, "CURRENT_TIMESTAMP"),
        sa.PrimaryKeyConstraint("study_id", "patient_id", name="pk_patient_state"),
        postgresql_with={"fillfactor": 50, "toast_tuple_target": 4080},
    )
    due = ["next_due_on", "study_id", "patient_id"]
    partial_index("ix_patient_state_next_due_on", "patient_state", due, "next_due_on IS NOT NULL")


def create_notice() -> None:
    """The outbox."""
    op.create_table(
        "notice",
        position(),
        column("notice_id", KEY),
        column("finding_id", KEY),
        column("study_id", KEY),
        column("patient_id", KEY),
        column("sequence", sa.BigInteger()),
        column("revision", sa.BigInteger()),
        column("action", sa.Text()),
        column("finding", sa.Text()),
        column("severity", sa.Text()),
        column("effective_on", sa.Date()),
        column("detected_at", MOMENT),
        column("cause_id", sa.Text()),
        column("document", sa.Text()),
        column("headers", sa.LargeBinary()),
        column("value", sa.LargeBinary()),
        sa.Column("published_at", MOMENT),
        sa.Column("published_partition", sa.Integer()),
        sa.Column("published_offset", sa.BigInteger()),
        sa.PrimaryKeyConstraint("position", name="pk_notice"),
        sa.UniqueConstraint("notice_id", name="uq_notice_notice_id"),
        sa.UniqueConstraint(
            "study_id", "patient_id", "sequence", name="uq_notice_study_id_patient_id_sequence"
        ),
    )
    partial_index("ix_notice_unsent", "notice", ["position"], "published_at IS NULL")


def create_quarantine() -> None:
    """What was refused, and its dead letters."""
    op.create_table(
        "quarantine",
        position(),
        column("topic", KEY),
        column("partition", sa.Integer()),
        column("offset", sa.BigInteger()),
        column("item", sa.Integer()),
        sa.Column("message_key", sa.LargeBinary()),
        column("headers", sa.LargeBinary()),
        sa.Column("value", sa.LargeBinary()),
        column("reason", sa.Text()),
        sa.Column("field", sa.Text()),
        column("message", sa.Text()),
        column("stage", sa.Text()),
        sa.Column("source", sa.Text()),
        sa.Column("event_id", sa.Text()),
        sa.Column("study_id", KEY),
        sa.Column("patient_id", KEY),
        column("received_at", MOMENT),
        column("attempts", sa.Integer(), "1"),
        sa.Column("published_at", MOMENT),
        sa.Column("published_partition", sa.Integer()),
        sa.Column("published_offset", sa.BigInteger()),
        sa.PrimaryKeyConstraint("position", name="pk_quarantine"),
        sa.UniqueConstraint(
            "topic", "partition", "offset", "item", name="uq_quarantine_topic_partition_offset_item"
        ),
    )
    partial_index("ix_quarantine_unsent", "quarantine", ["position"], "published_at IS NULL")


def create_delivery_ledger() -> None:
    """How far every partition was recorded."""
    op.create_table(
        "delivery_ledger",
        column("consumer_group", KEY),
        column("topic", KEY),
        column("partition", sa.Integer()),
        column("last_offset", sa.BigInteger()),
        column("applied", sa.BigInteger()),
        column("duplicate", sa.BigInteger()),
        column("stale", sa.BigInteger()),
        column("rejected", sa.BigInteger()),
        sa.PrimaryKeyConstraint("consumer_group", "topic", "partition", name="pk_delivery_ledger"),
        postgresql_with={"fillfactor": 50},
    )


def create_topic() -> None:
    """Which topics the recorded offsets are of."""
    op.create_table(
        "topic",
        column("consumer_group", KEY),
        column("topic", KEY),
        sa.Column("topic_id", sa.Text()),
        column("partitions", sa.Integer()),
        sa.PrimaryKeyConstraint("consumer_group", "topic", name="pk_topic"),
    )


def create_relay_lease() -> None:
    """Who alone may do a thing now."""
    op.create_table(
        "relay_lease",
        column("name", KEY),
        column("holder", sa.Text()),
        column("until", sa.Double()),
        sa.PrimaryKeyConstraint("name", name="pk_relay_lease"),
    )


def tune_state_storage() -> None:
    """Compress states with lz4 where the server was built with it: twice as quick to rewrite."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    known = "SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'"
    if connection.scalar(sa.text(known)):
        op.execute("ALTER TABLE patient_state ALTER COLUMN state SET COMPRESSION lz4")
