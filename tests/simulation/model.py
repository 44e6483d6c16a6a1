"""The auditor as the model: what the accepted facts say in the order in which they were decided."""

import json
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import date, timedelta
from itertools import groupby
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from monitor.clinical.state import load_state
from monitor.clinical.timeline import timeline
from monitor.ledger.entries import AcceptedRow, NoticeRow, PatientKey, QuarantineRow
from monitor.wire.closed_day import CLOCK_TOPIC
from monitor.wire.rules_changed import RULES_TOPIC
from tests.auditor.audited import of_patient
from tests.auditor.compare import BY_ARRIVAL, FINDINGS, Difference, Scope, differences
from tests.auditor.judge import NAMESPACE, judgement
from tests.auditor.ledger import Ledger, Patient
from tests.auditor.product import read_again
from tests.auditor.told import Heard, Listeners
from tests.simulation.database import Row, outcome_of
from tests.simulation.world import World, ruleset

TOLD_STEP_BY_STEP_OF = 2  # every so many seeds the model says what each single fact tells
EVERYTHING = Scope()


def disagreements(world: World) -> Iterator[str]:
    """Where the ledger's states and notices are not what the model makes of the same facts."""
    rows: dict[str, list[Decided]] = defaultdict(list)
    seen = world.database.seen
    for position, row in enumerate(world.database.decided):
        if row.topic != RULES_TOPIC and (study := _study(world, row)):
            one = Decided(row, _event(world, row), position, seen[position])
            rows[study].append(one)
    notices: dict[str, list[NoticeRow]] = defaultdict(list)
    for notice in world.database.notices():
        notices[notice.patient.study_id].append(notice)
        named = [notice.finding_id, notice.action, notice.revision]
        text = json.dumps(named, separators=(",", ":"))
        if notice.notice_id != str(uuid.uuid5(NAMESPACE, text)):
            yield f"notice {notice.sequence} ({notice.finding}) has an id of its own"
    for study in world.plan.histories:
        told = Study(world, study, rows[study])
        yield from told.outcomes()
        yield from told.documents(notices[study])
        if world.seed % TOLD_STEP_BY_STEP_OF == 0 and not world.faults["rules changed"]:
            yield from told.steps()
            yield from told.overdue()


class Decided(NamedTuple):
    """A row of the ledger, and how many were there before it and when its batch was read."""

    row: Row
    event: Mapping[str, Any]
    position: int
    seen: int


class Study:
    """One study's facts in the ledger's order."""

    def __init__(self, world: World, study: str, decided: Sequence[Decided]) -> None:
        self._world = world
        self._study = study
        self._rules = world.rules[study].nested()
        self._decided = decided
        self._ledger = Ledger()

    def outcomes(self) -> Iterator[str]:
        """What becomes of each fact, of the refused ones too."""
        for one in self._decided:
            found = outcome_of(one.row)
            before = deepcopy(self._ledger) if found == "rejected" else None
            outcome = self._ledger.receive(one.event)
            if outcome == found:
                continue
            if before is None or self._as_read(one) != found:
                yield f"{one.row.topic} {one.row.offset}: {found}, and the model says {outcome}"
            else:
                self._ledger = before

    def _as_read(self, one: Decided) -> str:
        """What the model says of a delivery by what its worker had read.

        A refusal that changes no row stands as of then: what another worker commits meanwhile
        could as well have come after it.
        """
        ledger = Ledger()
        for past in self._decided:
            if past.position < min(one.seen, one.position):
                ledger.receive(past.event)
        return ledger.receive(one.event)

    def documents(self, notices: Sequence[NoticeRow]) -> Iterator[str]:
        """What stands at the end, and that the notices add up to it."""
        states = self._world.database.states()
        own = {key: row for key, row in states.items() if key.study_id == self._study}
        if sorted(own) != self._ledger.patients():
            yield f"patients {sorted(own)}, and the model has {self._ledger.patients()}"
            return
        rules = ruleset(self._world.rules[self._study])
        shown = {tuple(key): timeline(load_state(row.document), rules) for key, row in own.items()}
        listeners = Listeners()
        wrong: list[Difference] = []
        for _, said in groupby(notices, lambda notice: notice.cause_id):
            wrong += listeners.hear(map(_document, said))
        for key, document in read_again(shown).items():  # type: ignore[arg-type]
            defined = of_patient(self._ledger, key, self._rules).document
            wrong += differences(document, defined, EVERYTHING)
            wrong += listeners.compare(key, document)
        yield from map(str, wrong)

    def overdue(self) -> Iterator[str]:
        """What yesterday's close would tell: nothing, or the ticker forgot a patient."""
        zone = ZoneInfo(self._world.rules[self._study]["schedule.timezone"])
        yesterday = self._world.now().astimezone(zone).date() - timedelta(days=1)
        for key in self._ledger.patients():
            closed = self._ledger.clock(*key) or date.min
            now, then = (self._as_of(key, day) for day in (closed, max(closed, yesterday)))
            if now["enrolled"] and now[FINDINGS] != then[FINDINGS]:
                yield f"{key}: closed to {closed}, and the close of {yesterday} would tell more"

    def _as_of(self, key: Patient, day: date) -> dict[str, Any]:
        """The document of the model when a day was closed last."""
        records, incomplete = self._ledger.standing(*key), self._ledger.incomplete(*key)
        return judgement(key, records, self._rules, day, incomplete=incomplete).document

    def steps(self) -> Iterator[str]:
        """Which findings each fact raises, amends and withdraws, for whom."""
        ledger, heard = Ledger(), defaultdict[Patient, dict[str, Heard]](dict)
        told = _told(self._world, self._study)
        for row, event, *_ in self._decided:
            if isinstance(row, QuarantineRow):
                continue
            ledger.receive(event)
            for patient in {row.patient, row.moved_from or row.patient}:
                document = of_patient(ledger, patient, self._rules).document
                now = {
                    one["finding_id"]: (one["severity"], one["effective_on"], one["details"])
                    for one in document[FINDINGS]
                    if not one["held"]
                }
                changes = _changes(heard[patient], now)
                said = told.pop((row.key.event_id, patient), set())
                if said != changes:
                    yield f"{row.topic} {row.offset}: told {said}, and not {changes}"
                heard[patient] = now
        yield from (f"notices of no fact: {said}" for said in told.values())


def _document(notice: NoticeRow) -> dict[str, Any]:
    """What a notice says, without the word that rules were changed."""
    document: dict[str, Any] = json.loads(notice.document)
    document["details"].pop("origin", None)
    return document


def _changes(before: Mapping[str, Heard], now: Mapping[str, Heard]) -> set[tuple[str, str]]:
    return {
        *((name, "raised") for name in now.keys() - before.keys()),
        *((name, "withdrawn") for name in before.keys() - now.keys()),
        *((name, "amended") for name in now.keys() & before.keys() if now[name] != before[name]),
    }


def _told(world: World, study: str) -> dict[tuple[str, PatientKey], set[tuple[str, str]]]:
    """The findings that each fact told of each patient, without the one that is told by arrival."""
    found: dict[tuple[str, PatientKey], set[tuple[str, str]]] = defaultdict(set)
    for one in world.database.notices():
        if one.patient.study_id == study and one.finding != BY_ARRIVAL:
            found[one.cause_id, one.patient].add((one.finding_id, one.action))
    return found


def _study(world: World, row: Row) -> str:
    """The study that a row is about; none for refused poison."""
    if isinstance(row, AcceptedRow):
        return row.patient.study_id
    sent = world.sent[row.topic, row.partition, row.offset].event
    return str(sent["data"]["study_id"]) if sent is not None else ""


def _event(world: World, row: Row) -> Mapping[str, Any]:
    """The fact as its sender meant it; a closed day is as the ledger has it."""
    if row.topic == CLOCK_TOPIC:
        event: Mapping[str, Any] = json.loads(row.value or b"")
        return event
    sent = world.sent[row.topic, row.partition, row.offset].event
    assert sent is not None, "poison was accepted"
    return sent
