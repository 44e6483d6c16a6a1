"""A ledger that refuses, that is away, and in which others are first."""

from collections.abc import Sequence

import pytest

from monitor import intake
from monitor.ledger.entries import Changes
from monitor.ledger.memory import MemoryLedger
from monitor.ledger.port import Conflict, RefusedRow, Unavailable
from tests.clinical.facts import enrolled, sample
from tests.intake.desk import GROUP, Desk

FIRST = sample(100, "detected", "s1")
SECOND = sample(120, "detected", "s2")
ELSEWHERE = sample(100, "detected", "x1").but(patient_id="P-2")
SUSPECTED, CONFIRMED = "MOLECULAR_RELAPSE_SUSPECTED", "MOLECULAR_RELAPSE_CONFIRMED"
EXPEDITE = "IMAGING_EXPEDITE_REQUESTED"  # beside each of them: nobody here has been imaged


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "BACKOFF_FIRST_SECONDS", 0.0)


class Faulty(MemoryLedger):
    """Fails as often as it is told, and always for a value with these bytes in it."""

    def __init__(self, failures: Sequence[Exception] = (), hates: bytes | None = None) -> None:
        super().__init__(lambda: 0.0)
        self.failures = list(failures)
        self.hates = hates
        self.sizes: list[int] = []

    async def record(self, changes: Changes) -> None:
        self.sizes.append(len(changes.accepted))
        if self.failures:
            raise self.failures.pop(0)
        hated = [row for row in changes.accepted if self.hates and self.hates in (row.value or b"")]
        if hated:
            raise RefusedRow("a row is refused")
        await super().record(changes)


async def test_a_lost_race_and_an_absent_ledger_are_tried_again() -> None:
    ledger = Faulty([Conflict(), Unavailable(), Unavailable(), Conflict()])
    desk = Desk(ledger)
    assert await desk.give(enrolled(), FIRST) == ["applied", "applied"]
    assert ledger.sizes == [2] * 5
    assert await desk.said() == [f"raised {SUSPECTED}", f"raised {EXPEDITE}"]


class Contended(MemoryLedger):
    """Somebody else is always first where more than two patients are touched."""

    async def record(self, changes: Changes) -> None:
        if len(changes.states) > 2:
            raise Conflict("a row has moved")
        await super().record(changes)


async def test_a_batch_that_others_overtake_again_and_again_goes_through_in_parts() -> None:
    whole, parts = Desk(), Desk(Contended(lambda: 0.0))
    facts = [
        fact.but(patient_id=f"P-{number}", record_id=f"{number}-{fact.record_id}")
        for number in range(9)
        for fact in (enrolled(), FIRST)
    ]
    assert await parts.give(*facts) == await whole.give(*facts) == ["applied"] * 18
    assert sorted(await parts.said(None)) == sorted(await whole.said(None))
    assert await parts.ledger.offsets(GROUP) == await whole.ledger.offsets(GROUP)
    closed = await parts.intake.close_days()
    assert len(closed) == len(await whole.intake.close_days()) == 9


async def test_two_workers_with_one_patient_decide_one_after_the_other() -> None:
    class Interrupted(MemoryLedger):
        other: Desk

        async def record(self, changes: Changes) -> None:
            if (other := self.__dict__.pop("other", None)) is not None:
                await other.give(enrolled(), FIRST)
            await super().record(changes)

    ledger = Interrupted(lambda: 0.0)
    ledger.other = Desk(ledger, group="other")
    desk = Desk(ledger)
    (receipt,) = await desk.intake.receive([desk.delivery(SECOND)])
    assert receipt.findings == (SUSPECTED, CONFIRMED, EXPEDITE)
    assert [one["sequence"] for one in await desk.notices()] == [1, 2, 3, 4, 5]


async def test_a_row_that_the_ledger_refuses_is_found_by_halving() -> None:
    ledger = Faulty(hates=b'"s2"')
    desk = Desk(ledger)
    found = await desk.give(enrolled(), FIRST, SECOND, ELSEWHERE, sample(140, "detected", "s3"))
    assert found == ["applied", "applied", "processing_error", "applied", "applied"]
    assert await desk.records() == {"s1": 1, "s3": 1}
    assert [row.event_id for row in await ledger.quarantined()] == ["m3"]
    assert [one["sequence"] for one in await desk.notices()] == [1, 2, 3, 4, 5]


async def test_a_ledger_that_refuses_even_the_quarantine_stops_the_worker() -> None:
    desk = Desk(Faulty([RefusedRow(), RefusedRow()]))
    with pytest.raises(RefusedRow):
        await desk.give(FIRST)
