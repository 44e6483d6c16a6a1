"""What the recorded facts must have made the monitor say, by the second set of rules.

Facts are told one by one in the order of their recording, patients whom a record ties together.
"""

import functools
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from tests.auditor.ledger import Key, Ledger, Patient, patient_of
from tests.auditor.retraction import NAME as RETRACTION
from tests.auditor.values import Record, of_kind, record_of
from tests.chaos.checker.events import event_of
from tests.chaos.checker.listener import Expected, Listener, Shown, judged, written
from tests.chaos.checker.rows import Headers, InboxRow


class Stands(NamedTuple):
    """Where a record stands."""

    type: str
    patient: Patient
    version: int
    settled: bool


class Told(NamedTuple):
    """What one group of facts comes to; `unlike` says which rows should not be as they are."""

    notices: tuple[Expected, ...]
    standing: Mapping[Patient, Mapping[str, str]]
    records: Mapping[Key, Stands]
    highest: Mapping[Key, int]  # accepted version
    unlike: tuple[str, ...]


@functools.cache
def rules_of(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


class Course:
    """Patients whom records tie to each other, fact by fact."""

    def __init__(self, rules: dict[str, Any]) -> None:
        self.ledger = Ledger()
        self.unlike: list[str] = []
        self.keys: dict[Key, None] = {}
        self._rules = rules
        self._listeners: dict[Patient, Listener] = {}

    def take(self, cause: InboxRow) -> Iterator[Expected]:
        """One recorded fact: the notices that it makes due, the loser of a record first."""
        event = event_of(cause.headers, cause.value)
        record = record_of(event)
        self.keys[record.key] = None
        before = self.ledger.stands(record.key)
        outcome = self.ledger.receive(event)
        after = self.ledger.stands(record.key)
        owner = None if before is None else patient_of(before)
        moved = after is not None and owner not in {None, patient_of(after)}
        self._judge(cause, _word(outcome, record, after), owner if moved else None)
        if outcome == "applied":
            for patient in dict.fromkeys([*([owner] if owner else []), patient_of(record)]):
                listener = self._listeners.setdefault(patient, Listener(patient))
                yield from listener.hear(self.ledger, self._rules, cause)

    def told(self, cause: InboxRow) -> list[Expected]:
        """As `take`; what should never have been accepted may be beyond all rules."""
        try:
            return list(self.take(cause))
        except Exception as problem:  # noqa: BLE001 - whatever it is, the fact made it
            self.unlike.append(f"{cause.event_id}: cannot be judged: {problem!r}")
            return []

    def _judge(self, cause: InboxRow, outcome: str, loser: Patient | None) -> None:
        if cause.outcome != outcome:
            self.unlike.append(f"{cause.event_id}: {cause.outcome} instead of {outcome}")
        if cause.moved_from != loser:
            self.unlike.append(f"{cause.event_id}: taken from {cause.moved_from}, not {loser}")

    def standing(self) -> dict[Patient, dict[str, str]]:
        return {patient: plain(one.rows) for patient, one in self._listeners.items()}


def _word(outcome: str, record: Record, after: Record | None) -> str:
    """The inbox's word: a provisional version of a settled record lies `beside`."""
    if outcome == "applied" and after is not None and after.version != record.version:
        return "beside"
    return outcome


def plain(rows: Mapping[str, Shown]) -> dict[str, str]:
    """What may not depend on the order of arrival of the findings that stand, by finding id."""
    names = ("finding", "severity", "effective_on", "details", "held")
    return {
        name: written([one[key] for key in names])
        for name, one in rows.items()
        if one["finding"] != RETRACTION
    }


@functools.cache
def told(facts: tuple[InboxRow, ...], rules: str) -> Told:
    """Everything that one group of recorded facts comes to, in the order given."""
    course = Course(rules_of(rules))
    notices = tuple(one for fact in facts for one in course.told(fact))
    stands = {key: course.ledger.stands(key) for key in course.keys}
    records = {
        key: Stands(one.kind, patient_of(one), one.version, one.final)
        for key, one in stands.items()
        if one is not None
    }
    highest = {key: course.ledger.versions(key)[0].version for key in records}
    return Told(notices, course.standing(), records, highest, tuple(course.unlike))


@functools.cache
def standing(
    messages: tuple[tuple[Headers, bytes | None], ...], rules: str, over: date | None
) -> dict[Patient, dict[str, str]]:
    """What stands once all of these are known, whatever their order.

    `over` is a day that must be closed by now wherever that changes what is told.
    """
    ledger = Ledger()
    for headers, value in messages:
        ledger.receive(event_of(headers, value))
    found = {}
    for patient in ledger.patients():
        records, closed = ledger.standing(*patient), ledger.clock(*patient)
        told_of = bool(of_kind(records, "patient.enrolled"))
        clock = max((day for day in (closed, over if told_of else None) if day), default=None)
        rows = judged(patient, records, clock, rules_of(rules)).document["standing_findings"]
        found[patient] = plain({one["finding_id"]: one for one in rows})
    return found
