"""The table of refused deliveries: what came, why it was refused, what became of it."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from monitor.ledger.columns import Key, Moment, metadata_of_all, position


def _of_open_rows(name: str, *columns: str) -> Index:
    """What intake asks with every batch costs next to nothing while little is open."""
    return Index(
        name,
        *columns,
        postgresql_where=text("closed_at IS NULL"),
        sqlite_where=text("closed_at IS NULL"),
    )


quarantine = Table(
    "quarantine",
    metadata_of_all,
    position(),
    Column("topic", Key, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("item", Integer, nullable=False),
    Column("message_key", LargeBinary),
    Column("headers", LargeBinary, nullable=False),
    Column("value", LargeBinary),
    Column("reason", Text, nullable=False),
    Column("field", Text),
    Column("message", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("source", Text),
    Column("event_id", Text),
    Column("study_id", Key),
    Column("patient_id", Key),
    Column("received_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("1")),
    Column("published_at", Moment),
    Column("published_partition", Integer),
    Column("published_offset", BigInteger),
    # Read out of what was refused, where they are valid in themselves.
    Column("record_id", Text),
    Column("record_version", BigInteger),
    Column("original_timestamp", BigInteger),
    Column("consumer_group", Text),
    Column("app_version", Text),
    Column("error_class", Text),
    Column("redrive_count", Integer, nullable=False, server_default=text("0")),
    Column("redriven_at", Moment),
    Column("closed_at", Moment),
    Column("closed_as", Text),
    # The delivery that closed it, or who did and why.
    Column("closed_topic", Text),
    Column("closed_partition", Integer),
    Column("closed_offset", BigInteger),
    Column("closed_who", Text),
    Column("closed_why", Text),
    UniqueConstraint("topic", "partition", "offset", "item"),
    Index(
        "ix_quarantine_unsent",
        "position",
        postgresql_where=text("published_at IS NULL"),
        sqlite_where=text("published_at IS NULL"),
    ),
    _of_open_rows("ix_quarantine_open", "reason", "received_at"),
    _of_open_rows("ix_quarantine_open_event", "source", "event_id"),
    _of_open_rows("ix_quarantine_open_record", "source", "record_id"),
    _of_open_rows("ix_quarantine_open_patient", "study_id", "patient_id"),
    Index(
        "ix_quarantine_redriven",
        "redriven_at",
        postgresql_where=text("redriven_at IS NOT NULL"),
        sqlite_where=text("redriven_at IS NOT NULL"),
    ),
)
