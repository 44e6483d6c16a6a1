"""The ledger's port: what intake, relay and ticker ask of a store, whatever it is made of.

One `record` call is one transaction: inbox, records, states, outbox, quarantine and offsets
together or not at all (design decision: one transaction, then ack).
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from monitor.ledger.activations import ActiveRules, AuditEntry
from monitor.ledger.closings import DeliveryKey
from monitor.ledger.entries import (
    AcceptedRow,
    Changes,
    Counts,
    EventKey,
    Loaded,
    Outgoing,
    PatientKey,
    QuarantineRow,
    RecordKey,
    Sent,
    StateRow,
    TopicIdentity,
    TopicPartition,
)

if TYPE_CHECKING:
    from monitor.ledger.refusals import Refused

WORKER_LEASE = "worker"  # every worker holds a lease whose name begins so


class LedgerError(Exception):
    """Base of what a ledger raises; its text never holds an identifier or a value."""


class Conflict(LedgerError):
    """Somebody wrote first (unique key, moved version, serialization, deadlock): decide again."""


class Superseded(LedgerError):
    """Other rules were activated: what was decided by the ones before must not be written."""


class Unavailable(LedgerError):
    """The store is away or busy: the same call may succeed later."""


class RefusedRow(LedgerError):
    """The store refuses the content of a row: the batch holds a delivery it cannot keep."""


class LedgerBehind(LedgerError):
    """A delivery's offset is beyond the last recorded one plus one: the store lost records."""


class LedgerRevision(LedgerError):
    """The store's schema is not the one that this program knows."""


class Ledger(Protocol):
    """A store of record. Every method may raise `Unavailable`; times are aware UTC."""

    async def load(
        self,
        group: str,
        events: Sequence[EventKey],
        records: Sequence[RecordKey],
        patients: Sequence[PatientKey],
        partitions: Sequence[TopicPartition],
    ) -> Loaded:
        """Read what a batch touches, a query each; states also of the records' present patients."""

    async def refusals(
        self,
        events: Sequence[EventKey],
        records: Sequence[RecordKey],
        patients: Sequence[PatientKey],
        places: Sequence[DeliveryKey],
    ) -> "Refused":
        """Open rows that bear these names, and those at `places`, open or not.

        Marks are counted of `patients`, and of whom else one of these rows marks.
        """

    async def record(self, changes: Changes) -> None:
        """Write one transaction, rows in key order, counts compared.

        Raises `Conflict` when a loaded row has moved or a key exists, `RefusedRow` when the store
        refuses a row's content, `Superseded` when `changes.activation` is not the highest any
        more; nothing is written then.
        """

    async def due(self, day: datetime.date, limit: int) -> list[PatientKey]:
        """Patients whose `next_due_on` is on or before `day`, earliest first, then by key."""

    async def acquire_lease(self, name: str, holder: str, seconds: float) -> bool:
        """Take or renew a lease by the store's own time; False while another holds it."""

    async def release_lease(self, name: str, holder: str) -> None:
        """Give a lease back, if it is still held by `holder`."""

    async def leased(self, beginning: str) -> list[str]:
        """Names of leases that begin so and are held now by the store's own time, in order."""

    async def unsent(self, limit: int) -> list[Outgoing]:
        """Notices (per patient in sequence) and dead letters that were not sent, oldest first.

        At most half of `limit` (two or more) are dead letters, so that they never block notices.
        """

    async def unsent_answers(self, limit: int) -> list[Outgoing]:
        """Answers to senders that were not sent, oldest first, and can be.

        A refusal is answered once the broker has its dead letter, or will never take it.
        """

    async def mark_sent(self, sent: Sequence[Sent], at: datetime.datetime) -> None:
        """Remember the broker's acknowledgements; marking again changes nothing.

        An answer that was sent is not kept.
        """

    async def unsent_since(self) -> datetime.datetime | None:
        """`detected_at` of the oldest unsent notice, or None."""

    async def state(self, patient: PatientKey) -> StateRow | None:
        """One patient's state."""

    async def patients(self) -> list[PatientKey]:
        """Every patient with a state, by key."""

    async def notices(
        self, patient: PatientKey | None
    ) -> list[tuple[str, datetime.datetime | None]]:
        """Notice documents with when they were published, oldest first (insertion order)."""

    async def accepted(self, patient: PatientKey) -> list[AcceptedRow]:
        """Events that this patient's state counts, by its arrival numbers (also moves away)."""

    async def quarantined(self) -> list[QuarantineRow]:
        """Refused deliveries, oldest first."""

    async def offsets(self, group: str) -> Mapping[TopicPartition, tuple[int, Counts]]:
        """The last recorded offset and the counts of every partition of a group."""

    async def topics(self, group: str) -> Mapping[str, TopicIdentity]:
        """The topics, by full name, that a group's offsets were recorded of."""

    async def remember_topics(self, group: str, topics: Mapping[str, TopicIdentity]) -> None:
        """Keep the identity of topics that are not known yet; known ones stay as they are."""

    async def active_rules(self) -> list[ActiveRules]:
        """Every activation's rules, by number and scope; the last number's are active."""

    async def activate_rules(self, rules: Sequence[ActiveRules], entry: AuditEntry) -> None:
        """Record an activation and its audit entry together; `Conflict` when a number is taken."""

    async def add_audit(self, entry: AuditEntry) -> None:
        """Record an audit entry alone; `Conflict` when its number is taken, `RefusedRow`."""

    async def last_audit(self, action: str | None = None) -> list[AuditEntry]:
        """The last entry of the audit trail, or the last of an action; empty without any."""

    async def audit(self) -> list[AuditEntry]:
        """The audit trail, oldest first."""

    async def ruleset_hashes(self) -> Mapping[str, frozenset[str]]:
        """By study: the hashes of the rules that its patients' latest facts were decided with."""

    async def close(self) -> None:
        """Release connections."""
