"""Parking counts what it closed itself, and reads no values, in every home of the ledger."""

import json
from collections.abc import Sequence
from typing import cast

import pytest

from monitor import fold
from monitor.clock import FixedClock
from monitor.ledger.archive import Archive
from monitor.ledger.closings import DeliveryKey
from monitor.ledger.entries import Changes, EventKey, PatientKey, RecordKey
from monitor.ledger.port import Ledger
from monitor.ledger.refusals import Refused, Wanted
from monitor.parking import PARKED, Parking
from monitor.wire.delivery import Reason
from tests.clinical.facts import enrolled, sample
from tests.intake.desk import NOON, Desk
from tests.intake.refused import ends, spoilt, take

FIRST, SECOND = sample(100, "detected", "s1"), sample(120, "detected", "s2")


def parking_of(desk: Desk) -> Parking:
    return Parking(cast("Archive", desk.ledger), desk.rulesets, FixedClock(NOON))


async def test_what_a_worker_closes_meanwhile_is_not_counted(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(ledger)
    await take(desk, *(spoilt(desk, given, f"e{n}") for n, given in enumerate((FIRST, SECOND))))
    record = ledger.record

    async def late(changes: Changes) -> None:
        monkeypatch.undo()
        assert await desk.give(FIRST) == ["applied"]
        await record(changes)

    monkeypatch.setattr(ledger, "record", late)
    assert await parking_of(desk).park(Wanted(), "anna", "never drawn") == 1
    assert await ends(desk) == {0: "accepted (2)", 1: "parked"}
    (entry,) = await ledger.audit()
    assert (entry.action, json.loads(entry.details)) == (PARKED, {"parked_at_most": 2})


async def test_no_value_is_read_to_learn_whom_it_marks(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(ledger)
    await desk.give(enrolled())

    def failing(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(fold, "apply", failing)
        assert await desk.give(FIRST) == [Reason.PROCESSING_ERROR]
    await take(desk, spoilt(desk, SECOND, "e2"))
    assert await desk.incomplete()
    refusals = ledger.refusals
    places: list[DeliveryKey] = []

    async def noted(
        events: Sequence[EventKey],
        records: Sequence[RecordKey],
        patients: Sequence[PatientKey],
        read: Sequence[DeliveryKey],
    ) -> Refused:
        places.extend(read)
        return await refusals(events, records, patients, read)

    monkeypatch.setattr(ledger, "refusals", noted)
    assert await parking_of(desk).park(Wanted(), "anna", "lost") == 2
    assert places == []
    assert not await desk.incomplete()
