"""One patient's notices by the second set of rules: what a fact makes due, in its order.

Contract 3: the difference to what was told is taken after every single fact. Nothing here knows
how the monitor does it.
"""

import json
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from tests.auditor.catalogue import CATALOGUE
from tests.auditor.ctdna import ctdna
from tests.auditor.imaging import imaging
from tests.auditor.judge import NAMESPACE, Judgement, all_findings, finding_id, row
from tests.auditor.ledger import Key, Ledger, Patient
from tests.auditor.retraction import NAME as RETRACTION
from tests.auditor.retraction import Retractions
from tests.auditor.schedule import visits
from tests.auditor.values import Record, of_kind
from tests.chaos.checker.rows import InboxRow

Shown = Mapping[str, Any]  # an entry of the timeline's `standing_findings`
Evidence = tuple[tuple[str, str, int], ...]  # source, record id, version
WATCHED = ("severity", "effective_on", "details")
ACTIONS = ("withdrawn", "amended", "raised")
ANY_VERSION = 0


class Expected(NamedTuple):
    """A notice that is due; `evidence` is the identifying one."""

    notice_id: str
    finding_id: str
    patient: Patient
    sequence: int
    revision: int
    action: str
    finding: str
    severity: str
    effective_on: str
    details: str
    supersedes: str | None
    cause_id: str
    detected_at: datetime
    evidence: Evidence


def notice_id(finding: str, action: str, revision: int) -> str:
    """Contract 3: UUIDv5 of `[finding_id, action, revision]`."""
    text = json.dumps([finding, action, revision], separators=(",", ":"))
    return str(uuid.uuid5(NAMESPACE, text))


def written(details: Any) -> str:
    """Details as text that is equal when they are."""
    return json.dumps(details, sort_keys=True, default=str)


def judged(
    patient: Patient, records: Sequence[Record], clock: date | None, rules: dict[str, Any]
) -> Judgement:
    """The part of the patient's document that notices are made of."""
    images, blood = imaging(list(records), rules), ctdna(records, rules)
    calendar = visits(records, images, rules, clock)
    found = all_findings(records, images, blood, calendar, rules, clock)
    enrolled = bool(of_kind(records, "patient.enrolled"))
    rows = [row(*patient, one, held=not enrolled) for one in found]
    keys = {finding_id(*patient, one): tuple(sorted(set(one.identifying))) for one in found}
    return Judgement({"enrolled": enrolled, "standing_findings": rows}, keys)


class Listener:
    """One patient: what stands, and what was said of it."""

    def __init__(self, patient: Patient) -> None:
        self._patient = patient
        self._retractions = Retractions(*patient)
        self._said: dict[str, Shown] = {}
        self._evidence: dict[str, Evidence] = {}
        self._revisions: Counter[str] = Counter()
        self._last: dict[str, str] = {}
        self._sequence = 0
        self.rows: Mapping[str, Shown] = {}

    def hear(self, ledger: Ledger, rules: dict[str, Any], cause: InboxRow) -> Iterator[Expected]:
        """Take the state after one fact: every notice that it makes due, in order."""
        records, clock = ledger.standing(*self._patient), ledger.clock(*self._patient)
        now = judged(self._patient, records, clock, rules)
        detected = cause.received_at.astimezone(UTC).date()
        self._retractions.step(now, records, detected)
        held = not now.document["enrolled"]
        rows = [*now.document["standing_findings"], *self._retractions.rows(held=held)]
        # Copied: the auditor adds to a retraction's details where they are.
        self.rows = {r["finding_id"]: r | {"details": dict(r["details"])} for r in rows}
        keys = now.keys | self._retractions.keys()
        said = {name: one for name, one in self.rows.items() if not one["held"]}
        for action, name in sorted(self._changes(said), key=lambda one: self._order(said, *one)):
            shown = said.get(name) or self._said[name]
            if action != "withdrawn":
                self._evidence[name] = _versions(ledger, shown, keys[name])
            yield self._notice(action, shown, cause)
        self._said = said

    def _changes(self, said: Mapping[str, Shown]) -> Iterator[tuple[str, str]]:
        for name, one in self._said.items():
            if name not in said:
                yield "withdrawn", name
            elif any(one[key] != said[name][key] for key in WATCHED):
                yield "amended", name
        yield from (("raised", name) for name in said if name not in self._said)

    def _order(self, said: Mapping[str, Shown], action: str, name: str) -> tuple[int, int, str]:
        shown = said.get(name) or self._said[name]
        return (ACTIONS.index(action), CATALOGUE.index(shown["finding"]), name)

    def _notice(self, action: str, shown: Shown, cause: InboxRow) -> Expected:
        name = shown["finding_id"]
        self._sequence += 1
        self._revisions[name] += 1
        mine = notice_id(name, action, self._revisions[name])
        before, self._last[name] = self._last.get(name), mine
        return Expected(
            *(mine, name, self._patient, self._sequence, self._revisions[name], action),
            *(shown["finding"], shown["severity"], shown["effective_on"]),
            details=written(shown["details"]),
            supersedes=before,
            cause_id=cause.event_id,
            detected_at=cause.received_at,
            evidence=self._evidence[name],
        )


def _versions(ledger: Ledger, shown: Shown, keys: Sequence[Key]) -> Evidence:
    """With the standing version of each; a retraction's own records may be gone."""
    found = [(key, ledger.stands(key)) for key in sorted(set(keys))]
    free = shown["finding"] == RETRACTION
    return tuple((*key, ANY_VERSION if free or one is None else one.version) for key, one in found)
