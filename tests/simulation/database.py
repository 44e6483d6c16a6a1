"""The database of a world: the ledger in memory, with copies of earlier points to restore."""

import datetime
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from monitor.ledger.entries import (
    AcceptedRow,
    Changes,
    Counts,
    NoticeRow,
    PatientKey,
    QuarantineRow,
    StateRow,
    TopicPartition,
)
from monitor.ledger.memory import MemoryLedger
from monitor.wire.delivery import Delivery

Copy = dict[str, Any]
Row = AcceptedRow | QuarantineRow
Bytes = tuple[tuple[tuple[str, bytes | None], ...], bytes | None]


class Database:
    """One ledger for all workers; it remembers what any timeline of it has ever held."""

    def __init__(self, group: str, elapsed: Callable[[], float]) -> None:
        self._group = group
        self._elapsed = elapsed
        self.skew_seconds = 0.0  # of its own clock, by which leases run out
        self.ledger = MemoryLedger(self.seconds)
        self.copy: Copy | None = None
        self.ever_told: dict[str, set[Bytes]] = {}
        self.told_of: dict[str, PatientKey] = {}  # by the notice's id
        self.ever_refused: dict[tuple[object, ...], QuarantineRow] = {}
        self.furthest: dict[TopicPartition, int] = {}
        self.decided: list[Row] = []  # in the order of the transactions, and in each as its batch
        self.seen: list[int] = []  # of each: how many there were when its batch was read
        self._decided_then = 0  # of them, when the copy was made

    def seconds(self) -> float:
        """The database's own time."""
        return self._elapsed() + self.skew_seconds

    def remember(self, changes: Changes, batch: Sequence[Delivery], seen: int) -> None:
        """Note what was just committed of a batch, for the day on which it may be gone."""
        self.decided += _in_order(changes, batch)
        self.seen += [seen] * (len(self.decided) - len(self.seen))
        for row in changes.notices:
            self.ever_told.setdefault(row.notice_id, set()).add((tuple(row.headers), row.value))
            self.told_of[row.notice_id] = row.patient
        self.ever_refused |= {
            (one.topic, one.partition, one.offset): one for one in changes.quarantined
        }
        for advance in changes.offsets:
            last = self.furthest.get(advance.partition, -1)
            self.furthest[advance.partition] = max(advance.last, last)

    def recorded(self) -> Mapping[TopicPartition, int]:
        """The last recorded offset of each partition."""
        known = self.ledger._offsets.get(self._group, {})
        return {place: last for place, (last, _) in known.items()}

    def notices(self) -> list[NoticeRow]:
        return list(self.ledger._notices.values())

    def told_otherwise(self) -> set[PatientKey]:
        """Patients of whom another timeline told something else than what the notices say."""
        rows = self.ledger._notices
        now = {key: {(tuple(row.headers), row.value)} for key, row in rows.items()}
        return {self.told_of[key] for key, told in self.ever_told.items() if told != now.get(key)}

    def accepted(self) -> list[AcceptedRow]:
        """The inbox in the order of its transactions, and in each the order of its decisions."""
        return list(self.ledger._accepted.values())

    def quarantined(self) -> list[QuarantineRow]:
        return list(self.ledger._quarantine.values())

    def states(self) -> Mapping[PatientKey, StateRow]:
        return self.ledger._states

    def counts(self) -> Mapping[TopicPartition, Counts]:
        """What became of the offsets of each partition."""
        known = self.ledger._offsets.get(self._group, {})
        return {place: counts for place, (_, counts) in known.items()}

    def holder(self, lease: str) -> str | None:
        """Who holds a lease now."""
        name, until = self.ledger._leases.get(lease, ("", 0.0))
        return name if until > self.seconds() else None

    def outbox(self) -> int:
        """How much was not sent yet."""
        return len(self.ledger._unsent_notices) + len(self.ledger._unsent_dead_letters)

    def published(self) -> Mapping[str, datetime.datetime]:
        return self.ledger._published

    def due(self, day: datetime.date) -> list[PatientKey]:
        rows = self.ledger._states.items()
        return [key for key, row in rows if row.next_due_on is not None and row.next_due_on <= day]

    def next_due(self) -> tuple[PatientKey, datetime.date] | None:
        """The first patient who falls due, and when."""
        rows = self.ledger._states.items()
        dues = [(row.next_due_on, key) for key, row in rows if row.next_due_on is not None]
        return min(dues)[::-1] if dues else None

    def save(self) -> None:
        """Make the copy that `restore` goes back to."""
        self.copy = {name: _copied(part) for name, part in vars(self.ledger).items()}
        self._decided_then = len(self.decided)

    def restore(self) -> None:
        """Go back to the copy, whatever was committed since."""
        assert self.copy is not None
        for name, part in self.copy.items():
            setattr(self.ledger, name, _copied(part))
        del self.decided[self._decided_then :], self.seen[self._decided_then :]


def _in_order(changes: Changes, batch: Sequence[Delivery]) -> Iterator[Row]:
    """The rows of a transaction as the batch had their deliveries; a duplicate has none.

    Of two copies in one batch the first may be refused and the second accepted, never so reversed.
    """
    refused, accepted = deque[Row](changes.quarantined), deque[Row](changes.accepted)
    for delivery in batch:
        for rows in (refused, accepted):
            if rows and _place(rows[0]) == _place(delivery):
                yield rows.popleft()
                break
    yield from (*accepted, *refused)


def outcome_of(row: Row) -> str:
    """What became of a delivery that has a row."""
    if isinstance(row, QuarantineRow):
        return "rejected"
    return "stale" if row.outcome == "stale" else "applied"


def _place(one: Row | Delivery) -> tuple[str, int, int]:
    return one.topic, one.partition, one.offset


def _copied(part: Any) -> Any:
    """A copy that no write reaches: rows never change, the tables of them do."""
    if isinstance(part, dict):
        return {
            key: _copied(held) if isinstance(held, dict) else held for key, held in part.items()
        }
    return set(part) if isinstance(part, set) else part
