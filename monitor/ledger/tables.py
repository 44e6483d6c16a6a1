"""The tables of the ledger, once: statements, migrations and tests are checked against these.

The hot path writes to `accepted_event`, `record`, `patient_state`, `notice`, `quarantine` and
`delivery_ledger` in one transaction.
"""

import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcText(TypeDecorator[datetime.datetime]):
    """An aware moment as ISO 8601 text in UTC, for a store that has no such type."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime.datetime | None, dialect: Dialect) -> str | None:
        """Text that sorts as time does."""
        del dialect
        if value is None:
            return None
        return value.astimezone(datetime.UTC).isoformat(" ", "microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime.datetime | None:
        """The moment that was stored; text without an offset is the store's own UTC."""
        del dialect
        if value is None:
            return None
        moment = datetime.datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


# Bytes decide the order of keys, as they do in SQLite and in Python: cheaper than a language's
# rules, and "by key" means the same everywhere.
Key = Text().with_variant(Text(collation="C"), "postgresql")
Moment = DateTime(timezone=True).with_variant(UtcText(), "sqlite")
# SQLite counts up only an INTEGER PRIMARY KEY.
Position = BigInteger().with_variant(Integer(), "sqlite")


def _position() -> Column[int]:
    """Rows by the order of their recording, which keeps every patient's own order."""
    return Column("position", Position, Identity(), primary_key=True)


accepted_event = Table(
    "accepted_event",
    metadata,
    _position(),
    Column("source", Key, nullable=False),
    Column("event_id", Key, nullable=False),
    Column("type", Text, nullable=False),
    Column("study_id", Key, nullable=False),
    Column("patient_id", Key, nullable=False),
    Column("arrival", BigInteger, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("record_version", BigInteger, nullable=False),
    Column("clinical_day", Date),
    Column("content_hash", LargeBinary, nullable=False),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("message_key", LargeBinary),
    Column("headers", LargeBinary, nullable=False),
    Column("value", LargeBinary),
    Column("received_at", Moment, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("moved_from_study_id", Key),
    Column("moved_from_patient_id", Key),
    Column("moved_arrival", BigInteger),
    UniqueConstraint("source", "event_id"),
    Index(None, "study_id", "patient_id", "arrival"),
    Index(
        "ix_accepted_event_moved_from",
        "moved_from_study_id",
        "moved_from_patient_id",
        "moved_arrival",
        postgresql_where=text("moved_from_patient_id IS NOT NULL"),
        sqlite_where=text("moved_from_patient_id IS NOT NULL"),
    ),
)

record = Table(
    "record",
    metadata,
    Column("source", Key, primary_key=True),
    Column("record_id", Key, primary_key=True),
    Column("type", Text, nullable=False),
    Column("study_id", Key, nullable=False),
    Column("patient_id", Key, nullable=False),
    Column("standing_version", BigInteger, nullable=False),
    Column("settled", Boolean, nullable=False),
    Column("versions", Text, nullable=False),
    Column("refused_version", BigInteger),
    Column("revision", BigInteger, nullable=False),
    # Room in every page: a corrected record stays on it, and its indexes need no new entry.
    postgresql_with={"fillfactor": 90},
)

patient_state = Table(
    "patient_state",
    metadata,
    Column("study_id", Key, primary_key=True),
    Column("patient_id", Key, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("next_due_on", Date),
    Column("ruleset_hash", Text, nullable=False),
    Column("incomplete", Boolean, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("updated_at", Moment, nullable=False, server_default=text("CURRENT_TIMESTAMP")),
    Index(
        "ix_patient_state_next_due_on",
        "next_due_on",
        "study_id",
        "patient_id",
        postgresql_where=text("next_due_on IS NOT NULL"),
        sqlite_where=text("next_due_on IS NOT NULL"),
    ),
    # Every fact rewrites its patient's row: room for the next version on its page, and compressed
    # states up to half a page stay in it (the migration has them compressed by lz4).
    postgresql_with={"fillfactor": 50, "toast_tuple_target": 4080},
)

notice = Table(
    "notice",
    metadata,
    _position(),
    Column("notice_id", Key, nullable=False),
    Column("finding_id", Key, nullable=False),
    Column("study_id", Key, nullable=False),
    Column("patient_id", Key, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("action", Text, nullable=False),
    Column("finding", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("detected_at", Moment, nullable=False),
    Column("cause_id", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("headers", LargeBinary, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("published_at", Moment),
    Column("published_partition", Integer),
    Column("published_offset", BigInteger),
    UniqueConstraint("notice_id"),
    UniqueConstraint("study_id", "patient_id", "sequence"),
    Index(
        "ix_notice_unsent",
        "position",
        postgresql_where=text("published_at IS NULL"),
        sqlite_where=text("published_at IS NULL"),
    ),
)

quarantine = Table(
    "quarantine",
    metadata,
    _position(),
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
    UniqueConstraint("topic", "partition", "offset", "item"),
    Index(
        "ix_quarantine_unsent",
        "position",
        postgresql_where=text("published_at IS NULL"),
        sqlite_where=text("published_at IS NULL"),
    ),
)

delivery_ledger = Table(
    "delivery_ledger",
    metadata,
    Column("consumer_group", Key, primary_key=True),
    Column("topic", Key, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("last_offset", BigInteger, nullable=False),
    Column("applied", BigInteger, nullable=False),
    Column("duplicate", BigInteger, nullable=False),
    Column("stale", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
    # Every batch rewrites a row of its few partitions.
    postgresql_with={"fillfactor": 50},
)

topic = Table(
    "topic",
    metadata,
    Column("consumer_group", Key, primary_key=True),
    Column("topic", Key, primary_key=True),
    # The broker's own id: a topic made again under its old name has another one.
    Column("topic_id", Text),
    Column("partitions", Integer, nullable=False),
)

relay_lease = Table(
    "relay_lease",
    metadata,
    Column("name", Key, primary_key=True),
    Column("holder", Text, nullable=False),
    # Seconds since 1970 by the database's clock: one arithmetic for every database.
    Column("until", Double, nullable=False),
)
