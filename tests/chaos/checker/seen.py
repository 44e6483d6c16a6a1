"""The evidence as the checks ask for it: by position, by event, by record, and what is due."""

import datetime
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

from tests.auditor.content import content
from tests.auditor.ledger import Key, Patient, patient_of
from tests.auditor.values import Record, record_of, rule
from tests.chaos.checker import model
from tests.chaos.checker.events import Unreadable, event_of
from tests.chaos.checker.evidence import (
    CLOCK_TOPIC,
    NUMBER,
    Evidence,
    OnTopic,
    Place,
    Position,
    Sent,
    place,
    position,
)
from tests.chaos.checker.rows import Headers, InboxRow, QuarantineRow
from tests.chaos.checker.tied import each, tied

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
CONFLICTS = ("duplicate_conflict", "version_conflict")  # decided by arrival (contract 2)
Message = tuple[Headers, bytes | None]


def by(rows: Iterable[V], key: Callable[[V], K]) -> defaultdict[K, list[V]]:
    """Rows in groups, each in the order given."""
    groups: defaultdict[K, list[V]] = defaultdict(list)
    for one in rows:
        groups[key(one)].append(one)
    return groups


def number_of(one: OnTopic) -> int | None:
    """The running number that the sender put into its own header."""
    text = dict(one.headers).get(NUMBER)
    return None if text is None else int(text)


@dataclass(frozen=True)
class Read:
    """A message read as the version of a record that it carries."""

    pair: tuple[str, str]
    record: Record

    @cached_property
    def content(self) -> str:
        return content(self.record.kind, self.record.data)


@cache
def read(one: OnTopic | InboxRow | QuarantineRow) -> Read | None:
    """What a message says; None where it cannot be read."""
    try:
        event = event_of(one.headers, one.value)
    except Unreadable:
        return None
    return Read((event["source"], event["id"]), record_of(event))


@dataclass
class Seen:
    """One run's evidence; what is derived from it is derived once."""

    evidence: Evidence
    workers: int = 0

    @cached_property
    def sent(self) -> Mapping[int, Sent]:
        return {one.number: one for one in self.evidence.sent}

    @cached_property
    def log(self) -> Mapping[Position, list[OnTopic]]:
        """Every message that ever lay at an offset: as read, or as acknowledged before it went."""
        found = by(self.evidence.delivered, position)
        for told in self.evidence.acknowledged:
            one = self.sent.get(told.number)
            if one is None or told.offset < 0:
                continue
            lay = OnTopic(*told[:3], one.key, tuple(one.headers), told.value)
            if lay not in found[position(lay)]:
                found[position(lay)].append(lay)
        return found

    @cached_property
    def deliveries(self) -> Sequence[OnTopic]:
        return [one for _, some in sorted(self.log.items()) for one in some]

    @cached_property
    def remade(self) -> frozenset[Place]:
        """Partitions in which an offset was given out twice: their topic was made again."""
        numbers = by((a for a in self.evidence.acknowledged if a.offset >= 0), position)
        return frozenset(
            place(some[0]) for some in numbers.values() if len({one.number for one in some}) > 1
        )

    def left_out(self, one: Position) -> bool:
        """Whether an operator's step passed over this offset."""
        ranges = self.evidence.skipped.get(Place(one.topic, one.partition), ())
        return any(first <= one.offset <= last for first, last in ranges)

    @cached_property
    def inbox(self) -> Mapping[tuple[str, str], list[InboxRow]]:
        return by(self.evidence.accepted, lambda row: (row.source, row.event_id))

    @cached_property
    def versions(self) -> Mapping[Key, list[InboxRow]]:
        """The accepted versions of each record."""
        return by(self.evidence.accepted, lambda row: (row.source, row.record_id))

    @cached_property
    def quarantine(self) -> Mapping[Position, list[QuarantineRow]]:
        return by(self.evidence.quarantined, position)

    def refusals(self, one: OnTopic) -> list[QuarantineRow]:
        """The quarantine rows of this very message."""
        said = (one.key, one.headers, one.value)
        rows = self.quarantine.get(position(one), ())
        return [row for row in rows if (row.message_key, row.headers, row.value) == said]

    @cached_property
    def told(self) -> Sequence[model.Told]:
        """What the recorded facts must have made the monitor say."""
        readable = [row for row in self.evidence.accepted if read(row) is not None]
        groups = tied(readable, _names_of_row)
        return each(model.told, groups, self.evidence.rules, self.workers)

    @cached_property
    def from_senders(self) -> Mapping[Patient, Mapping[str, str]]:
        """What stands by all that was sent and may count, each event once, in any order."""
        chosen: dict[tuple[str, str], tuple[Message, Record]] = {}
        facts: list[OnTopic | InboxRow] = [*self.deliveries, *self._closed_days]
        for one in facts:
            said = read(one)
            if said and not self._refused(one) and not self.left_out(position(one)):
                chosen.setdefault(said.pair, ((one.headers, one.value), said.record))
        events = sorted(chosen.values(), key=repr)
        Random(len(events)).shuffle(events)
        groups = [
            tuple(message for message, _ in group)
            for group in tied(events, lambda one: _names_of(one[1]))
        ]
        work = partial(model.standing, over=self.over)
        found = each(work, groups, self.evidence.rules, self.workers)
        return {patient: rows for one in found for patient, rows in one.items()}

    @property
    def over(self) -> datetime.date | None:
        """The last day that was over in the study's zone when the run was at rest."""
        if self.evidence.rested_at is None:
            return None
        zone = ZoneInfo(rule(model.rules_of(self.evidence.rules), "schedule.timezone"))
        return self.evidence.rested_at.astimezone(zone).date() - datetime.timedelta(days=1)

    @property
    def _closed_days(self) -> list[InboxRow]:
        return [row for row in self.evidence.accepted if row.topic == CLOCK_TOPIC]

    def _refused(self, one: OnTopic | InboxRow) -> bool:
        """Refused by the sender's own word, or as the later one of two that contradict."""
        if isinstance(one, InboxRow):
            return False
        return bool(self.refusals(one)) or self.reason(one) not in {None, *CONFLICTS}

    def reason(self, one: OnTopic) -> str | None:
        """Why its sender means a message to be refused."""
        sent = self.sent.get(-1 if (number := number_of(one)) is None else number)
        return None if sent is None else sent.refused


def _names_of(record: Record) -> list[Hashable]:
    return [("patient", patient_of(record)), ("record", record.key)]


def _names_of_row(row: InboxRow) -> list[Hashable]:
    return [("patient", row.patient), ("record", (row.source, row.record_id))]
