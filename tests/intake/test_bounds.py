"""What a patient can hold and a notice can say has bounds; beyond them a delivery is refused."""

from datetime import date

import pytest

from monitor import recording
from monitor.clinical import state
from monitor.clinical.state import load_state
from monitor.ledger.outgoing import NOTICE
from monitor.wire.closed_day import closed_day
from tests.clinical.facts import Given, enrolled, new_lesion, read, sample, targets
from tests.intake.desk import P1, P2, Desk

NOTICE_BYTES_MAX = 256 * 1024


async def test_a_patient_has_no_more_records_than_can_be_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(state, "RECORDS_MAX", 3)
    desk = Desk()
    first, second, third = (sample(100 + day, "not_detected", f"s{day}") for day in range(3))
    found = await desk.give(enrolled(), first, second, third, third.but(patient_id="P-2"))
    assert found == ["applied", "applied", "applied", "too_large", "applied"]
    assert await desk.give(third.but(version=2)) == ["too_large"]  # it would move here
    assert await desk.give(second.but(version=2), first.gone(2)) == ["applied", "applied"]
    assert await desk.give(third.but(version=2)) == ["applied"]
    assert (await desk.records(P1), await desk.records(P2)) == ({"s1": 2, "s2": 2}, {})
    (*_, row) = await desk.ledger.quarantined()
    assert (row.reason, row.stage) == ("too_large", "decide")


async def test_a_patient_s_state_has_a_size_that_it_never_exceeds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recording, "STATE_BYTES_MAX", 5500)
    desk = Desk()
    wide = [{"gene": "\N{DNA DOUBLE HELIX}" * 250}]  # of four bytes each
    long, longer = (sample(100, "detected", "s1", variants=wide * n) for n in (3, 4))
    assert await desk.give(enrolled(), longer, long) == ["applied", "too_large", "applied"]
    row = await desk.ledger.state(P1)
    assert row is not None
    assert len(row.document) < 4000 < len(row.document.encode()) <= 5500
    assert load_state(row.document).version == 2
    other = sample(101, "not_detected", "s2", variants=wide)
    assert await desk.give(other) == ["too_large"]
    assert await desk.give(long.gone(2), other) == ["applied", "applied"]
    assert (await desk.records(), await desk.incomplete()) == ({"s2": 1}, False)


async def test_what_makes_room_is_taken_by_a_patient_beyond_the_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    first, second = sample(100, "not_detected", "s1"), sample(101, "not_detected", "s2")
    await desk.give(enrolled(), first, second)
    monkeypatch.setattr(recording, "STATE_BYTES_MAX", 1)
    assert await desk.give(second.but(version=2)) == ["too_large"]
    assert await desk.give(first.gone(2)) == ["applied"]
    (receipt,) = await desk.intake.settle([closed_day(*P1, date(2025, 7, 1))])
    assert receipt.outcome == "applied"
    assert await desk.records() == {"s2": 1}


async def test_a_notice_never_outgrows_what_subscribers_accept() -> None:
    desk = Desk()
    wide = "\N{DNA DOUBLE HELIX}" * 252
    lesions = [new_lesion(f"{wide}{number:04}", "equivocal") for number in range(200)]
    earlier: list[Given] = [
        read(day, f"{wide}{day:04}", targets=targets(T1="50"), new_lesions=lesions[4 * day :][:4])
        for day in range(1, 50)
    ]
    baseline = read(0, "b", baseline=True, targets=targets(T1="50"))
    await desk.give(enrolled(), baseline, *earlier)
    unequivocal = [{**lesion, "certainty": "unequivocal"} for lesion in lesions]
    last = read(60, "last", targets=targets(T1="50"), new_lesions=unequivocal)
    assert await desk.give(last) == ["too_large"]
    assert await desk.give(last.but(new_lesions=unequivocal[:100])) == ["applied"]
    sizes = [len(row.value or b"") for row in await desk.ledger.unsent(99) if row.kind == NOTICE]
    assert NOTICE_BYTES_MAX // 3 < max(sizes) <= NOTICE_BYTES_MAX
