"""Events one by one, with every patient's document after each, RETRACTION_AFTER_ACTION included."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from tests.auditor.judge import judgement
from tests.auditor.ledger import Ledger, Patient
from tests.auditor.retraction import Retractions
from tests.auditor.values import Record, record_of

Documents = dict[Patient, dict[str, Any]]


def given_day(record: Record) -> date | None:
    """The clinical day that a version gives; a tombstone may give none."""
    try:
        return record.clinical_day
    except (KeyError, IndexError):
        return None


class Telling:
    """One history, told fact by fact under one set of rules."""

    def __init__(self, rules: dict[str, Any]) -> None:
        self.ledger = Ledger()
        self._rules = rules
        self._retractions: dict[Patient, Retractions] = {}

    def receive(self, event: Mapping[str, Any]) -> tuple[str, Documents]:
        """Take one event: its outcome, and every document after it."""
        outcome = self.ledger.receive(event)
        detected = self._detected(event)
        return outcome, {p: self._document(p, detected) for p in self.ledger.patients()}

    def _detected(self, event: Mapping[str, Any]) -> date:
        """Contract 3: the event's `time`, else its clinical day, else that of the version before.

        The day of a `time` is that of the moment in UTC.
        """
        if event.get("time"):
            return datetime.fromisoformat(event["time"]).astimezone(UTC).date()
        record = record_of(event)
        below = [r for r in self.ledger.versions(record.key) if r.version < record.version]
        known = [on for on in map(given_day, [record, *below]) if on is not None]
        return known[0] if known else date.min

    def _document(self, patient: Patient, detected: date) -> dict[str, Any]:
        records, clock = self.ledger.standing(*patient), self.ledger.clock(*patient)
        incomplete = self.ledger.incomplete(*patient)
        judged = judgement(patient, records, self._rules, clock, incomplete=incomplete)
        retractions = self._retractions.setdefault(patient, Retractions(*patient))
        retractions.step(judged, records, detected)
        held = not judged.document["enrolled"]
        judged.document["standing_findings"] += retractions.rows(held=held)
        return judged.document
