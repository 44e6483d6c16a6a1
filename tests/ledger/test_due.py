"""Whose day has come, in every home of the ledger."""

import datetime

from monitor.ledger.entries import PatientKey
from monitor.ledger.port import Ledger
from tests.ledger.samples import DAY, changes, state


async def test_due_patients_come_earliest_first_then_by_bytes_of_key(ledger: Ledger) -> None:
    days = {"ä": 1, "Z": 1, "a": 1, "early": 0, "late": 2, "never": None}
    for name, days_later in days.items():
        day = None if days_later is None else DAY + datetime.timedelta(days_later)
        key = PatientKey("S", name)
        await ledger.record(changes(states={key: (None, state(next_due_on=day))}))
    tomorrow = DAY + datetime.timedelta(1)
    due = [patient.patient_id for patient in await ledger.due(tomorrow, 10)]
    assert due == ["early", "Z", "a", "ä"]
    assert await ledger.due(tomorrow, 1) == [PatientKey("S", "early")]
    assert await ledger.due(DAY - datetime.timedelta(1), 10) == []
    assert [key.patient_id for key in await ledger.patients()] == [
        "Z", "a", "early", "late", "never", "ä",
    ]  # fmt: skip
