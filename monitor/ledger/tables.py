"""The tables of the ledger, once: statements, migrations and tests are checked against these.

The hot path writes to `accepted_event`, `record`, `patient_state`, `notice`, `quarantine` and
`delivery_ledger` in one transaction.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from monitor.ledger import quarantine_table
from monitor.ledger.columns import Key, Moment, metadata_of_all, position

metadata = metadata_of_all

accepted_event = Table(
    "accepted_event",
    metadata,
    position(),
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
    position(),
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

quarantine = quarantine_table.quarantine

# Answers to senders that the broker does not have yet.
acknowledgement = Table(
    "acknowledgement",
    metadata,
    position(),
    Column("topic", Key, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("message_key", LargeBinary),
    Column("outcome", Text, nullable=False),
    Column("source", Text),
    Column("event_id", Text),
    Column("reason", Text),
    Column("field", Text),
    Column("message", Text),
    Column("deployment", Text, nullable=False),
    Column("received_at", Moment, nullable=False),
    UniqueConstraint("topic", "partition", "offset"),
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

# Every activation of rules, in full; those of the highest number are active.
active_rules = Table(
    "active_rules",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    # A study, or * for every study.
    Column("scope", Key, primary_key=True),
    Column("name", Text, nullable=False),
    Column("config_hash", Text, nullable=False),
    Column("parameters", Text, nullable=False),
    Column("activated_at", Moment, nullable=False),
    Column("activated_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

audit_event = Table(
    "audit_event",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
)
