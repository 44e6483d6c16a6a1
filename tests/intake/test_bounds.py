"""What a patient can hold and a notice can say has bounds; beyond them a delivery is refused."""

from datetime import date

import pytest

from monitor import overlay, recording
from monitor.clinical import state
from monitor.clinical.state import dump_state, load_state
from monitor.ledger.outgoing import NOTICE
from monitor.wire.closed_day import closed_day
from monitor.wire.cloudevents import canonical
from tests.clinical.facts import (
    Given,
    contact,
    died,
    enrolled,
    new_lesion,
    read,
    sample,
    targets,
    withdrew,
)
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
    monkeypatch.setattr(overlay, "STATE_BYTES_MAX", 5500)
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
    monkeypatch.setattr(overlay, "STATE_BYTES_MAX", 1)
    assert await desk.give(sample(102, "not_detected", "s3")) == ["too_large"]
    longer = second.but(version=2, variants=[{"gene": "TET2"}])
    assert await desk.give(longer, second.but(version=2)) == ["too_large", "applied"]
    assert await desk.give(first.gone(2)) == ["applied"]
    (receipt,) = await desk.intake.settle([closed_day(*P1, date(2025, 7, 1))])
    assert receipt.outcome == "applied"
    assert await desk.records() == {"s2": 2}


@pytest.mark.parametrize("bound", ["STATE_BYTES_MAX", "RECORDS_MAX"])
async def test_the_last_word_about_a_patient_beyond_the_bounds_is_taken(
    monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    desk = Desk()
    old = sample(100, "detected", "s1", variants=[{"gene": "TET2"}])
    await desk.give(enrolled(), old, old.but(version=2))
    monkeypatch.setattr(overlay if bound.startswith("STATE") else state, bound, 1)
    assert await desk.give(old.but(version=1, call="not_detected")) == ["stale"]
    assert await desk.give(old.but(version=3, variants=[])) == ["applied"]
    assert await desk.give(died(130), withdrew(120, "consent")) == ["applied", "applied"]
    assert await desk.give(withdrew(121, "follow_up", "w2"), contact(90)) == ["too_large"] * 2
    assert [one["finding"] for one in await desk.notices() if one["finding"] == "DEATH"]


async def test_not_even_deaths_outgrow_the_bounds_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    await desk.give(enrolled())
    monkeypatch.setattr(state, "RECORDS_MAX", 1)
    found = await desk.give(*(died(130, f"d{number}") for number in range(22)))
    assert found == ["applied"] * recording.LAST_RECORDS_MAX + ["too_large"] * 2


async def test_no_state_is_written_out_for_its_size_far_below_the_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    dumped: list[state.PatientState] = []

    def noted(one: state.PatientState) -> str:
        dumped.append(one)
        return dump_state(one)

    monkeypatch.setattr(overlay, "dump_state", noted)
    await desk.give(enrolled(), *(sample(100 + day, "detected", f"s{day}") for day in range(9)))
    assert [one.version for one in dumped] == [0, 10]


async def test_the_size_that_a_batch_can_reach_is_never_underestimated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever comes in one batch, the state is refused at the very bound."""
    monkeypatch.setattr(overlay, "STATE_BYTES_MAX", 60_000)
    for size in (1, 20, 100):
        wide = [{"gene": "\N{DNA DOUBLE HELIX}", "vaf_pct": 1e11, "depth": 1}] * size
        desk = Desk()
        found = await desk.give(*(sample(day, "detected", f"s{day}", variants=wide)
                                  for day in range(300)))  # fmt: skip
        row = await desk.ledger.state(P1)
        assert row is not None
        assert set(found) == {"applied", "too_large"}
        assert 50_000 < len(row.document.encode()) <= 60_000


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


LONG = "\x01" * 252  # a control character takes six bytes, more than any other
SOURCE = "https://" + "\N{DNA DOUBLE HELIX}" * 248


async def lesions_without_end() -> tuple[Desk, Given]:
    """A patient with 49 reads that name 100 lesions, and a last one that confirms them all."""
    desk = Desk()
    named = [new_lesion(f"{LONG}{number:04}", "equivocal") for number in range(100)]
    earlier = [
        read(day, f"{LONG}{day:04}", targets=targets(T1="50"), new_lesions=named[2 * day :][:2])
        for day in range(1, 50)
    ]
    base = read(0, "b", baseline=True, targets=targets(T1="50"))
    assert set(await desk.give(enrolled(), base)) == {"applied"}
    assert set(await desk.give(*(one.sent_by(SOURCE) for one in earlier))) == {"applied"}
    sure = [{**lesion, "certainty": "unequivocal"} for lesion in named]
    return desk, read(60, f"{LONG}last", targets=targets(T1="50"), new_lesions=sure).sent_by(SOURCE)


async def test_the_longest_notice_goes_without_its_last_records_and_no_lesion(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(overlay, "STATE_BYTES_MAX", 2**21)  # a lower one refuses the read
    desk, last = await lesions_without_end()
    assert await desk.give(last) == ["applied"]
    (told,) = [one for one in await desk.notices() if one["finding"] == "NEW_LESION"]
    assert len(told["details"]["lesions"]) == 100
    assert told["evidence"][0]["record_id"] == last.record_id
    assert 30 < len(told["evidence"]) < 50
    assert 255 * 1024 < max(await sizes(desk)) <= NOTICE_BYTES_MAX


async def test_no_tombstone_is_refused_for_the_length_of_what_it_causes() -> None:
    desk, last = await lesions_without_end()
    consent = withdrew(55, "consent")
    assert await desk.give(consent, last) == ["applied", "applied"]
    assert "raised NEW_LESION" not in await desk.said()
    assert await desk.give(consent.gone(2)) == ["applied"]
    assert "raised NEW_LESION" in await desk.said()
    assert await desk.give(last.gone(2)) == ["applied"]
    assert "withdrawn NEW_LESION" in await desk.said()
    assert 255 * 1024 < max(await sizes(desk)) <= NOTICE_BYTES_MAX
    sent = {row.value for row in await desk.ledger.unsent(999) if row.kind == NOTICE}
    assert {canonical(notice) for notice in await desk.notices()} == sent


async def sizes(desk: Desk) -> list[int]:
    return [len(row.value or b"") for row in await desk.ledger.unsent(999) if row.kind == NOTICE]
