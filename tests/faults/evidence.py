"""What was sent, what is in the database and what is on the topics, as plain values."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from monitor.ledger.entries import (
    AcceptedRow,
    Counts,
    PatientKey,
    QuarantineRow,
    TopicPartition,
)
from monitor.wire.delivery import Delivery
from tests.faults.messages import NUMBER, Message


class Kind(StrEnum):
    """What can be wrong, one word for each promise."""

    LOST = "lost"  # an event with neither inbox nor quarantine row
    DOUBLED = "doubled"  # an event with more than one
    INVENTED = "invented"  # a row or a message of something that nobody sent
    ALTERED = "altered"  # other bytes than those sent or recorded
    ARRIVALS = "arrivals"  # a patient's facts are not numbered 1, 2, 3 … as the state counts them
    MISSED = "missed"  # an expected notice is not in the database
    UNSENT = "unsent"  # a notice or dead letter that is not on its topic
    OUT_OF_SEQUENCE = "out_of_sequence"  # first occurrences of a patient with a gap or swapped
    COMMITTED_AHEAD = "committed_ahead"  # an offset committed beyond what the ledger recorded
    MISCOUNTED = "miscounted"  # the ledger's counts do not add up to what was consumed
    OTHER_FINDINGS = "other_findings"  # other findings stand than `monitor evaluate` finds


class Violation(NamedTuple):
    kind: Kind
    what: str


class Told(NamedTuple):
    """A notice as the checks see it; the bytes are those of the topic."""

    notice_id: str
    patient: PatientKey
    sequence: int
    finding: str
    headers: tuple[tuple[str, bytes], ...]
    value: bytes


class Offsets(NamedTuple):
    """Of one partition: the group's committed next offset, read before the ledger's last."""

    committed: int
    recorded: int


@dataclass
class Evidence:
    """Everything that the checks look at.

    `published` and `dead_letters` are in offset order within a partition. `notices` are those in
    the database, `sent_notices` the ids that are marked as published. `expected` are the notices
    that the recorded events give when they are replayed. The findings are those that stand.
    """

    sent: Sequence[Message]
    delivered: Sequence[Delivery]
    accepted: Sequence[AcceptedRow]
    quarantined: Sequence[QuarantineRow]
    notices: Sequence[Told]
    sent_notices: frozenset[str]
    states: Mapping[PatientKey, int]
    ledger: Mapping[TopicPartition, tuple[int, Counts]]
    published: Sequence[Delivery]
    dead_letters: Sequence[Delivery]
    expected: Sequence[Told]
    findings: Mapping[str, object]
    evaluated_findings: Mapping[str, object]
    commits: Sequence[Mapping[TopicPartition, Offsets]] = field(default_factory=list)


class Position(NamedTuple):
    topic: str
    partition: int
    offset: int


def position(one: Delivery | AcceptedRow | QuarantineRow) -> Position:
    return Position(one.topic, one.partition, one.offset)


def number_of(delivery: Delivery) -> int:
    """The running number that the sender put into its own header."""
    return int(dict(delivery.headers)[NUMBER] or b"")


def grouped(deliveries: Sequence[Delivery], header: str) -> dict[str, list[Delivery]]:
    """Deliveries by the text of a header, each group in the order given."""
    groups: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        groups[(dict(delivery.headers).get(header) or b"").decode()].append(delivery)
    return groups
