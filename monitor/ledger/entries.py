"""What a ledger keeps and gives back: keys, rows, and the changes of one transaction."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from monitor.ledger.activations import AuditEntry
from monitor.ledger.closings import Closing

if TYPE_CHECKING:
    from monitor.ledger.answers import AnswerRow
    from monitor.ledger.refusals import Refused


class EventKey(NamedTuple):
    """A delivery's name: the CloudEvents pair."""

    source: str
    event_id: str


class RecordKey(NamedTuple):
    """A record's name (contract 2, "Same record again")."""

    source: str
    record_id: str


class PatientKey(NamedTuple):
    """A patient of a study; pseudonyms both."""

    study_id: str
    patient_id: str


class TopicPartition(NamedTuple):
    """A partition by its topic's full name."""

    topic: str
    partition: int


class TopicIdentity(NamedTuple):
    """What makes a topic the same: the broker's id (None where it tells none), its partitions."""

    topic_id: str | None
    partitions: int


@dataclass(frozen=True, slots=True)
class RecordRow:
    """Where a record stands.

    `versions` maps every accepted version that is not below the settled one to its content hash
    (hex); `refused_version` is the highest version refused as a conflict, or None. `revision`
    counts writes of this row and guards it against concurrent writers; the ledger sets it, what
    a caller writes there is not looked at.
    """

    type: str
    patient: PatientKey
    standing_version: int
    settled: bool
    versions: Mapping[int, str]
    refused_version: int | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True)
class StateRow:
    """A patient's state: `version` counts its facts, `document` is compact JSON text.

    `revision` counts writes of this row, marks too, and guards it as a record's does; the ledger
    sets it, what a caller writes there is not looked at.
    """

    version: int
    document: str
    next_due_on: datetime.date | None
    ruleset_hash: str
    incomplete: bool
    revision: int = 0


@dataclass(frozen=True, slots=True)
class AcceptedRow:
    """An inbox row: the accepted event, what it was about and its original bytes.

    `arrival` is the number that this event has in its patient's state; `moved_from` and
    `moved_arrival` name the patient from whom the record was taken. `outcome` is `applied`,
    `beside` (a provisional version of a settled record) or `stale`. Events that one transaction
    records keep the order in which they are given.
    """

    key: EventKey
    type: str
    patient: PatientKey
    arrival: int
    record_id: str
    record_version: int
    clinical_day: datetime.date | None
    content_hash: bytes
    topic: str
    partition: int
    offset: int
    message_key: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    value: bytes | None
    received_at: datetime.datetime
    outcome: str
    moved_from: PatientKey | None = None
    moved_arrival: int | None = None


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """An outbox row: a notice with the exact bytes that are sent.

    `document` is contract 3's `data` as JSON text. `headers` and `value` are what Kafka carries.
    """

    notice_id: str
    finding_id: str
    patient: PatientKey
    sequence: int
    revision: int
    action: str
    finding: str
    severity: str
    effective_on: datetime.date
    detected_at: datetime.datetime
    cause_id: str
    document: str
    headers: Sequence[tuple[str, bytes]]
    value: bytes


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """A refused delivery with its original bytes; its dead letter leaves through the outbox.

    The same delivery (position, key and value) refused once more changes nothing: it came again
    because a worker died between commit and ack, and its `attempts` count it. Other content at its
    position is a `Conflict`. Names that could not be decoded are there where they could be read.
    """

    topic: str
    partition: int
    offset: int
    message_key: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    value: bytes | None
    reason: str
    field: str | None
    message: str
    stage: str
    source: str | None
    event_id: str | None
    patient: PatientKey | None
    received_at: datetime.datetime
    item: int = 0
    record_id: str | None = None
    record_version: int | None = None
    original_timestamp: int | None = None  # Kafka's, in milliseconds since 1970
    attempts: int = 1
    redrive_count: int = 0
    consumer_group: str | None = None
    app_version: str | None = None
    error_class: str | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """Deliveries by outcome; they add up to the offsets consumed."""

    applied: int = 0
    duplicate: int = 0
    stale: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class OffsetAdvance:
    """Move a partition's last recorded offset from the value that was loaded (None: no row)."""

    partition: TopicPartition
    loaded: int | None
    last: int
    counts: Counts


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the ledger holds of the things that a batch touches; absent keys are not there."""

    events: Mapping[EventKey, bytes]
    records: Mapping[RecordKey, RecordRow]
    states: Mapping[PatientKey, StateRow]
    offsets: Mapping[TopicPartition, int]
    refused: "Refused | None" = None


@dataclass(frozen=True, slots=True)
class Changes:
    """One transaction. `records` and `states` carry the row as it was loaded (None: new).

    `notices` of one patient come in sequence. `closings` come after `quarantined`; what is closed
    already stays as it is. With `activation` it is written only while that is the highest
    activation of rules.
    """

    group: str
    offsets: Sequence[OffsetAdvance] = ()
    accepted: Sequence[AcceptedRow] = ()
    records: Mapping[RecordKey, tuple[RecordRow | None, RecordRow]] = field(default_factory=dict)
    states: Mapping[PatientKey, tuple[StateRow | None, StateRow]] = field(default_factory=dict)
    notices: Sequence[NoticeRow] = ()
    quarantined: Sequence[QuarantineRow] = ()
    closings: Sequence[Closing] = ()
    audit: AuditEntry | None = None
    answers: "Sequence[AnswerRow]" = ()
    activation: int | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Something the outbox still has to send.

    `kind` is `notice`, `dead_letter` or `answer`; `order_key` is what must stay in order (the
    patient's message key, or the delivery's own position). A dead letter's `topic` is a full name,
    to the others' the relay adds the prefix.
    """

    kind: str
    row_key: tuple[str | int, ...]
    order_key: bytes
    topic: str
    key: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Sent:
    """The broker's acknowledgement of an `Outgoing`."""

    outgoing: Outgoing
    partition: int
    offset: int
