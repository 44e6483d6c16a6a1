"""The ledger in memory, as honest as the ones in a database: same conflicts, counts and order.

For replays without a database and for tests; it forgets everything when the program ends.
"""

import datetime
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import cast

from monitor.ledger import rows
from monitor.ledger.answers import ANSWER
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
    RecordRow,
    Sent,
    StateRow,
    TopicIdentity,
    TopicPartition,
)
from monitor.ledger.memory_refusals import MemoryRefusals
from monitor.ledger.outgoing import (
    NOTICE,
    dead_letter_outgoing,
    dead_letters_limit,
    interleaved,
    notice_outgoing,
)
from monitor.ledger.port import Conflict
from monitor.ledger.refusals import delivery_key


class MemoryLedger(MemoryRefusals):
    """`Ledger` without a store; `seconds` is a clock that never goes back, for the leases."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        super().__init__(seconds)
        self._offsets: dict[str, dict[TopicPartition, tuple[int, Counts]]] = {}
        self._unsent_dead_letters: dict[DeliveryKey, QuarantineRow] = {}
        self._topics: dict[str, dict[str, TopicIdentity]] = {}

    async def load(
        self,
        group: str,
        events: Sequence[EventKey],
        records: Sequence[RecordKey],
        patients: Sequence[PatientKey],
        partitions: Sequence[TopicPartition],
    ) -> Loaded:
        """Read what a batch touches; states also of the records' present patients."""
        known = self._offsets.get(group, {})
        standing = {key: self._records[key] for key in records if key in self._records}
        touched = chain(patients, (row.patient for row in standing.values()))
        return Loaded(
            {key: self._accepted[key].content_hash for key in events if key in self._accepted},
            standing,
            {key: self._states[key] for key in touched if key in self._states},
            {partition: known[partition][0] for partition in partitions if partition in known},
        )

    async def record(self, changes: Changes) -> None:
        """Write everything or nothing. Raises as a database does."""
        self._refuse_superseded(changes.activation)
        rows.refuse_unkeepable(rows.text_of(changes))
        self._compare(changes)
        known = self._offsets.setdefault(changes.group, {})
        for advance in changes.offsets:
            counts = known.get(advance.partition, (0, Counts()))[1]
            known[advance.partition] = (advance.last, _sum(counts, advance.counts))
        for patient, (was, state) in changes.states.items():
            self._states[patient] = replace(state, revision=1 if was is None else was.revision + 1)
        for key, (loaded, row) in changes.records.items():
            self._records[key] = replace(row, revision=1 if loaded is None else loaded.revision + 1)
        self._accepted |= {row.key: row for row in changes.accepted}
        self._notices |= {row.notice_id: row for row in changes.notices}
        self._unsent_notices |= {row.notice_id: row for row in changes.notices}
        self._sequences |= {(row.patient, row.sequence) for row in changes.notices}
        for place, refused in {delivery_key(row): row for row in changes.quarantined}.items():
            if place not in self._quarantine:
                self._unsent_dead_letters[place] = refused
            self._refuse(refused)
        for closing in changes.closings:
            self._close(closing)
        for answer in changes.answers:
            self._answers.setdefault(answer.place, answer)
        if changes.audit is not None:
            self._audit[changes.audit.number] = changes.audit

    def _compare(self, changes: Changes) -> None:
        """Raise `Conflict` where a database would count a row too few."""
        known = self._offsets.get(changes.group, {})
        for advance in changes.offsets:
            last = known[advance.partition][0] if advance.partition in known else None
            if last != advance.loaded:
                raise Conflict("a row of delivery_ledger has moved")
        for patient, (was, _) in changes.states.items():
            if _guard(self._states.get(patient)) != _guard(was):
                raise Conflict("a row of patient_state has moved")
        for key, (loaded, _) in changes.records.items():
            if _revision(self._records.get(key)) != _revision(loaded):
                raise Conflict("a row of record has moved")
        _new((row.key for row in changes.accepted), self._accepted)
        _new((row.notice_id for row in changes.notices), self._notices)
        _new(((row.patient, row.sequence) for row in changes.notices), self._sequences)
        if changes.audit is not None and changes.audit.number in self._audit:
            raise Conflict("a row of audit_event exists already")
        for row in changes.quarantined:
            held = self._quarantine.get(delivery_key(row), row)
            if (held.message_key, held.value) != (row.message_key, row.value):
                raise Conflict("a row of quarantine exists already")

    async def due(self, day: datetime.date, limit: int) -> list[PatientKey]:
        """Patients whose `next_due_on` is on or before `day`, earliest first, then by key."""
        found = [
            (row.next_due_on, patient)
            for patient, row in self._states.items()
            if row.next_due_on is not None and row.next_due_on <= day
        ]
        return [patient for _, patient in sorted(found)[:limit]]

    async def acquire_lease(self, name: str, holder: str, seconds: float) -> bool:
        """Take or renew a lease by the given clock; False while another holds it."""
        now = self._seconds()
        held_by, until = self._leases.get(name, (holder, now))
        if held_by != holder and until > now:
            return False
        self._leases[name] = (holder, now + seconds)
        return True

    async def release_lease(self, name: str, holder: str) -> None:
        """Give a lease back, if it is still held by `holder`."""
        if self._leases.get(name, ("", 0.0))[0] == holder:
            del self._leases[name]

    async def unsent(self, limit: int) -> list[Outgoing]:
        """At most `limit` unsent notices and dead letters, by turns, each oldest first."""
        refused = list(self._unsent_dead_letters.values())[: dead_letters_limit(limit)]
        waiting = {self._notices[notice_id].patient for notice_id in self._held}
        unsent = (row for row in self._unsent_notices.values() if row.patient not in waiting)
        found = islice(unsent, limit - len(refused))
        notices = (
            notice_outgoing(one.notice_id, one.patient, one.headers, one.value) for one in found
        )
        return interleaved(notices, map(dead_letter_outgoing, refused))

    async def mark_sent(self, sent: Sequence[Sent], at: datetime.datetime) -> None:
        """Remember the broker's acknowledgements; marking again changes nothing."""
        for one in sent:
            outgoing = one.outgoing
            if outgoing.kind == NOTICE:
                notice_id = str(outgoing.row_key[0])
                if self._unsent_notices.pop(notice_id, None) is not None:
                    self._published[notice_id] = at
                    self._places[notice_id] = (one.partition, one.offset)
            elif outgoing.kind == ANSWER:
                self._answers.pop(cast("tuple[str, int, int]", outgoing.row_key), None)
            else:
                key = cast("DeliveryKey", outgoing.row_key)
                if self._unsent_dead_letters.pop(key, None) is not None:
                    self._letters[key] = (at, one.partition, one.offset)

    async def unsent_since(self) -> datetime.datetime | None:
        """`detected_at` (UTC) of the oldest unsent notice, or None."""
        return next((row.detected_at for row in self._unsent_notices.values()), None)

    async def state(self, patient: PatientKey) -> StateRow | None:
        """One patient's state, or None."""
        return self._states.get(patient)

    async def patients(self) -> list[PatientKey]:
        """Every patient with a state, by key."""
        return sorted(self._states)

    async def notices(
        self, patient: PatientKey | None
    ) -> list[tuple[str, datetime.datetime | None]]:
        """Notice documents with when they were published, in the order of their recording."""
        return [
            (row.document, self._published.get(notice_id))
            for notice_id, row in self._notices.items()
            if patient in {None, row.patient}
        ]

    async def accepted(self, patient: PatientKey) -> list[AcceptedRow]:
        """Events about this patient, also those that took a record away, by its arrival numbers."""
        found = [row for row in self._accepted.values() if patient in {row.patient, row.moved_from}]
        return sorted(found, key=lambda row: rows.arrival_of(row, patient))

    async def quarantined(self) -> list[QuarantineRow]:
        """Refused deliveries in the order of their recording."""
        return list(self._quarantine.values())

    async def offsets(self, group: str) -> Mapping[TopicPartition, tuple[int, Counts]]:
        """The last recorded offset and the counts of every partition of a group."""
        return dict(self._offsets.get(group, {}))

    async def topics(self, group: str) -> Mapping[str, TopicIdentity]:
        """The topics, by full name, that a group's offsets were recorded of."""
        return dict(self._topics.get(group, {}))

    async def remember_topics(self, group: str, topics: Mapping[str, TopicIdentity]) -> None:
        """Keep the identity of topics that are not known yet; known ones stay as they are."""
        self._topics[group] = {**topics, **self._topics.get(group, {})}

    async def close(self) -> None:
        """Nothing to release."""


def _guard(row: StateRow | None) -> tuple[int, int] | None:
    return None if row is None else (row.version, row.revision)


def _revision(row: RecordRow | None) -> int | None:
    return None if row is None else row.revision


def _new(keys: Iterable[object], known: Container[object]) -> None:
    """Raise `Conflict` for a key that is known or comes twice."""
    fresh: set[object] = set()
    for key in keys:
        if key in known or key in fresh:
            raise Conflict("a key exists already")
        fresh.add(key)


def _sum(one: Counts, other: Counts) -> Counts:
    return Counts(*map(sum, zip(rows.count_values(one), rows.count_values(other), strict=True)))
