"""Many rows in one statement: what the ledger says to a table, whichever database holds it.

The specifications are data; `postgres` and `sqlite` each turn them into the quickest statement
that their driver has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.ledger import rows, tables
from monitor.ledger.answers import ANSWER_COLUMNS
from monitor.ledger.closings import CLOSING_COLUMNS
from monitor.ledger.refusals import DECIDE
from monitor.ledger.rows import Values
from monitor.wire.delivery import Reason


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """Read `columns` of the rows with these keys for which all of `where` holds.

    With `counted`: each combination of `columns` once, and how many rows have it.
    """

    table: Table
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    where: tuple[ColumnElement[bool], ...] = ()
    counted: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Insertion:
    """Insert rows that are not there; a row that is there stays and is not counted.

    With `again` the same content once more (`unique` and `content` equal) counts in that column
    instead, and is counted.
    """

    table: Table
    columns: tuple[str, ...]
    unique: tuple[str, ...] = ()
    content: tuple[str, ...] = ()
    again: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Rewrite:
    """Rewrite rows that still are as they were loaded; the others stay and are not counted.

    A row of values gives `keys`, `loaded` (what must still hold), `values` (the new ones) and
    `added` (by how much these columns grow), in this order. Columns in `empty` must be null.
    """

    table: Table
    keys: tuple[str, ...]
    values: tuple[str, ...]
    loaded: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    touched: str | None = None

    def names(self) -> list[str]:
        """Names of the values of one row: a prefix says which part a column plays."""
        parts = (
            ("key", self.keys),
            ("was", self.loaded),
            ("new", self.values),
            ("add", self.added),
        )
        return [f"{prefix}_{column}" for prefix, columns in parts for column in columns]

    def columns(self) -> list[str]:
        """The columns that `names` belong to."""
        return [*self.keys, *self.loaded, *self.values, *self.added]


class Bulk(Protocol):
    """A database's way with many rows; its errors are the driver's."""

    seconds_now: ColumnElement[float]
    """Seconds since 1970 by the database's clock."""

    async def find(
        self, connection: AsyncConnection, lookup: Lookup, keys: Sequence[Values]
    ) -> Sequence[Sequence[Any]]:
        """Rows with these keys, in any order."""

    async def insert(
        self, connection: AsyncConnection, insertion: Insertion, values: Sequence[Values]
    ) -> int:
        """How many rows were not there."""

    async def rewrite(
        self, connection: AsyncConnection, rewrite: Rewrite, values: Sequence[Values]
    ) -> int:
        """How many rows were as loaded."""


_EVENT = ("source", "event_id")
_RECORD = ("source", "record_id")
_PATIENT = ("study_id", "patient_id")
_PARTITION = ("consumer_group", "topic", "partition")
_COUNTS = ("applied", "duplicate", "stale", "rejected")
_DELIVERY = ("topic", "partition", "offset", "item")
_REFUSAL = (
    *(*_DELIVERY, "reason", "stage", *_EVENT, "record_id", "record_version", *_PATIENT),
    *("attempts", "redrive_count", *CLOSING_COLUMNS),
)
_PUBLISHED = ("published_partition", "published_offset", "published_at")

FIND_EVENTS = Lookup(tables.accepted_event, _EVENT, (*_EVENT, "content_hash"))
FIND_RECORDS = Lookup(tables.record, _RECORD, rows.RECORD_COLUMNS)
FIND_STATES = Lookup(tables.patient_state, _PATIENT, rows.STATE_COLUMNS)
IS_OPEN = tables.quarantine.c.closed_at.is_(None)
MARKS = (  # its patient in the state
    IS_OPEN,
    tables.quarantine.c.reason == Reason.PROCESSING_ERROR,
    tables.quarantine.c.stage == DECIDE,
)
FIND_REFUSED_EVENTS = Lookup(tables.quarantine, _EVENT, _REFUSAL, (IS_OPEN,))
FIND_REFUSED_RECORDS = Lookup(tables.quarantine, _RECORD, _REFUSAL, (IS_OPEN,))
COUNT_MARKS = Lookup(tables.quarantine, _PATIENT, _PATIENT, MARKS, counted=True)
FIND_REFUSED = Lookup(tables.quarantine, _DELIVERY, (*_REFUSAL, "headers", "value"))
FIND_OFFSETS = Lookup(tables.delivery_ledger, _PARTITION, (*_PARTITION[1:], "last_offset"))

NEW_OFFSETS = Insertion(tables.delivery_ledger, (*_PARTITION, "last_offset", *_COUNTS))
NEW_TOPICS = Insertion(tables.topic, ("consumer_group", "topic", "topic_id", "partitions"))
NEW_EVENTS = Insertion(tables.accepted_event, rows.ACCEPTED_COLUMNS)
NEW_RECORDS = Insertion(tables.record, rows.RECORD_COLUMNS)
NEW_STATES = Insertion(tables.patient_state, rows.STATE_COLUMNS)
NEW_NOTICES = Insertion(tables.notice, rows.NOTICE_COLUMNS)
# The same refused delivery comes again when a process died between commit and ack.
NEW_QUARANTINED = Insertion(
    tables.quarantine, rows.QUARANTINE_COLUMNS, _DELIVERY, ("message_key", "value"), "attempts"
)

# Of two groups that read the same topics one answers.
NEW_ANSWERS = Insertion(tables.acknowledgement, ANSWER_COLUMNS)

MOVE_OFFSETS = Rewrite(
    tables.delivery_ledger, _PARTITION, ("last_offset",), loaded=("last_offset",), added=_COUNTS
)
MOVE_RECORDS = Rewrite(tables.record, _RECORD, rows.RECORD_COLUMNS[2:], loaded=("revision",))
MOVE_STATES = Rewrite(
    tables.patient_state,
    _PATIENT,
    rows.STATE_COLUMNS[2:],
    loaded=("version", "revision"),
    touched="updated_at",
)
SENT_NOTICES = Rewrite(tables.notice, ("notice_id",), _PUBLISHED, empty=("published_at",))
SENT_DEAD_LETTERS = Rewrite(tables.quarantine, _DELIVERY, _PUBLISHED, empty=("published_at",))
CLOSE_REFUSED = Rewrite(tables.quarantine, _DELIVERY, CLOSING_COLUMNS, empty=("closed_at",))
MARK_REDRIVEN = Rewrite(tables.quarantine, _DELIVERY, ("redriven_at",))
