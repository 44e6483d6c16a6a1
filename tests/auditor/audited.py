"""The auditor's side of a history: the same arrivals through the second implementation."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

from tests.auditor.compare import FINDINGS
from tests.auditor.history import History
from tests.auditor.judge import Judgement, judgement
from tests.auditor.ledger import Ledger
from tests.auditor.product import Documents
from tests.auditor.retraction import Retractions
from tests.auditor.values import record_of

Patient = tuple[str, str]


def ended(history: History) -> tuple[list[str], Documents, Ledger]:
    """The outcome of every arrival, the documents at the end, and what then stands."""
    ledger = Ledger()
    outcomes = [ledger.receive(event) for event in history.events]
    return outcomes, documents(ledger, history.rules.nested()), ledger


def stepped(history: History) -> Iterator[tuple[str, Documents]]:
    """What the auditor says after every single arrival, retractions after action included."""
    ledger, rules, detection = Ledger(), history.rules.nested(), Detection()
    retractions: dict[Patient, Retractions] = {}
    for event in history.events:
        outcome = ledger.receive(event)
        detected = detection.day(event)
        said: Documents = {}
        for key in ledger.patients():
            judged = of_patient(ledger, key, rules)
            made = retractions.setdefault(key, Retractions(*key))
            made.step(judged, ledger.standing(*key), detected)
            said[key] = judged.document
            said[key][FINDINGS] += made.rows(held=not judged.document["enrolled"])
        yield outcome, said


class Detection:
    """The day on which a fact is detected where no clock is read (contract 3, `detected_at`)."""

    def __init__(self) -> None:
        self._days: dict[tuple[str, str], date] = {}

    def day(self, event: Mapping[str, Any]) -> date:
        """The day of its `time`, else its clinical day, else that of the version before it."""
        record = record_of(event)
        with suppress(KeyError, IndexError):  # a tombstone may give none
            self._days[record.key] = record.clinical_day
        if "time" in event:
            return datetime.fromisoformat(event["time"]).astimezone(UTC).date()
        return self._days.get(record.key, date(1970, 1, 1))


def documents(ledger: Ledger, rules: dict[str, Any]) -> Documents:
    return {key: of_patient(ledger, key, rules).document for key in ledger.patients()}


def of_patient(ledger: Ledger, key: Patient, rules: dict[str, Any]) -> Judgement:
    records, incomplete = ledger.standing(*key), ledger.incomplete(*key)
    return judgement(key, records, rules, ledger.clock(*key), incomplete=incomplete)
