"""What was sent, what lies on topics and in tables, as plain values of the checker's own."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

from tests.chaos.checker.rows import (
    AuditRow,
    Headers,
    InboxRow,
    LedgerRow,
    NoticeRow,
    QuarantineRow,
    RecordRow,
    StateRow,
)

NUMBER = "x-number"  # the sender's own header: the running number of the message
CLOCK_TOPIC = "clock"  # days that the monitor closed itself: nobody sent them


class Kind(StrEnum):
    """What can be wrong, one word for each promise."""

    LOST = "lost"  # acknowledged, and neither in the inbox nor in quarantine
    DOUBLED = "doubled"  # an event or a refusal with more than one row
    INVENTED = "invented"  # a row or a message of something that nobody sent
    ALTERED = "altered"  # other bytes than those sent or recorded
    WRONG = "wrong"  # a row or a notice that says other than the rules say
    ARRIVALS = "arrivals"  # a patient's facts are not numbered 1, 2, 3 … as the state counts them
    MISSED = "missed"  # an expected notice is not in the database
    UNSENT = "unsent"  # a notice or dead letter that is not on its topic
    OUT_OF_SEQUENCE = "out_of_sequence"  # first occurrences of a patient with a gap or swapped
    COMMITTED_AHEAD = "committed_ahead"  # an offset committed beyond what the ledger recorded
    MISCOUNTED = "miscounted"  # the ledger's counts do not add up to what was consumed
    BACKWARDS = "backwards"  # a recorded offset lower than it was before
    OTHER_FINDINGS = "other_findings"  # other findings stand than what was sent gives
    STALLED = "stalled"  # work waited, and nothing moved for too long
    LATE = "late"  # not settled, or not at rest, in time after the last fault


class Violation(NamedTuple):
    """A broken promise, and what broke it."""

    kind: Kind
    what: str


class Place(NamedTuple):
    """A partition, by its topic's full name."""

    topic: str
    partition: int


class Position(NamedTuple):
    """One offset of a partition."""

    topic: str
    partition: int
    offset: int


class Placed(Protocol):
    """Anything of a partition."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...


class Located(Placed, Protocol):
    """Anything that came from, or lies at, an offset."""

    @property
    def offset(self) -> int: ...


def position(one: Located) -> Position:
    return Position(one.topic, one.partition, one.offset)


def place(one: Placed) -> Place:
    return Place(one.topic, one.partition)


class Sent(Protocol):
    """A message as its sender means it; `refused` is the reason for which it must be refused.

    `headers` hold its number; `topic` is the plain name.
    """

    @property
    def number(self) -> int: ...
    @property
    def topic(self) -> str: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def refused(self) -> str | None: ...


class Acknowledged(NamedTuple):
    """What the broker told the sender: message `number` lies there, with this value.

    `offset` is negative where it only told that it has the message.
    """

    topic: str
    partition: int
    offset: int
    number: int
    value: bytes | None


class OnTopic(NamedTuple):
    """A message as it lies on a topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    headers: Headers
    value: bytes | None


class Sample(NamedTuple):
    """What the bench saw on the way; `at` are seconds of a monotonic clock.

    `recorded`: deliveries in the ledger. `unsent`: notices and dead letters without their mark.
    `fed`: messages acknowledged so far. `told`: notices and dead letters recorded so far.
    `paused`: a fault is in force that no work can get past. `restored`: the database went back
    since the sample before. `committed` (the group's next offsets) was read before `ledger` (last
    recorded offsets); both may be left out.
    """

    at: float
    recorded: int
    unsent: int
    fed: int
    told: int = 0
    paused: bool = False
    restored: bool = False
    committed: Mapping[Place, int] = {}
    ledger: Mapping[Place, int] = {}


@dataclass(repr=False)  # a failed test need not print all of it
class Evidence:
    """Everything that the checks look at.

    `delivered`, `published` and `dead_letters` are what the topics hold, in offset order within a
    partition; `bounds` the first offset that an input partition holds and the one after its last.
    `skipped` are offsets (first, last) that an operator's step left out on purpose; messages of
    the output topics below `forgotten` were sent before the database went back to an older copy.
    `rested_at` is when the tables were read, if then nothing waited to be sent or closed.
    `calm_at` is when the last fault was over and the last message was sent. `rules` is TOML text.
    """

    group: str
    rules: str
    sent: Sequence[Sent]
    acknowledged: Sequence[Acknowledged]
    delivered: Sequence[OnTopic]
    bounds: Mapping[Place, tuple[int, int]]
    accepted: Sequence[InboxRow]
    records: Sequence[RecordRow]
    states: Sequence[StateRow]
    notices: Sequence[NoticeRow]
    quarantined: Sequence[QuarantineRow]
    ledger: Sequence[LedgerRow]
    audit: Sequence[AuditRow]
    published: Sequence[OnTopic]
    dead_letters: Sequence[OnTopic]
    samples: Sequence[Sample]
    rested_at: datetime.datetime | None = None
    calm_at: float | None = None
    skipped: Mapping[Place, Sequence[tuple[int, int]]] = field(default_factory=dict)
    forgotten: Mapping[Place, int] = field(default_factory=dict)
