"""One batch, one transaction: duplicates, refusals, our own errors, counts."""

import random
import re
from dataclasses import astuple
from pathlib import Path

import pytest

from monitor import fold, intake
from monitor.clinical.state import PatientState
from monitor.clinical.transitions import Arrival, Outcome, Ruleset, apply
from monitor.intake import BrokenRelease
from monitor.ledger.entries import TopicPartition
from monitor.ledger.port import LedgerBehind
from monitor.wire.delivery import Reason
from tests.clinical.facts import Given, enrolled, read, sample, targets
from tests.intake.desk import GROUP, P1, P2, STRUCTURED, Desk, word

FIRST = sample(100, "detected", "s1")
SECOND = sample(120, "detected", "s2")
ELSEWHERE = sample(100, "detected", "x1").but(patient_id="P-2")
SUSPECTED, CONFIRMED = "MOLECULAR_RELAPSE_SUSPECTED", "MOLECULAR_RELAPSE_CONFIRMED"
EXPEDITE = "IMAGING_EXPEDITE_REQUESTED"  # beside each of them: nobody here has been imaged


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "BACKOFF_FIRST_SECONDS", 0.0)


async def test_duplicates_inside_a_batch_and_after_it() -> None:
    desk = Desk()
    batch = [desk.delivery(enrolled(), "a"), desk.delivery(FIRST, "b"), desk.delivery(FIRST, "b")]
    assert list(map(word, await desk.intake.receive(batch))) == ["applied", "applied", "duplicate"]
    again = [desk.delivery(FIRST, "b"), desk.delivery(SECOND, "b"), desk.delivery(SECOND, "c")]
    assert list(map(word, await desk.intake.receive(again))) == [
        *("duplicate", "duplicate_conflict", "applied")
    ]
    assert not await desk.incomplete()


async def test_a_refused_delivery_does_not_occupy_its_name() -> None:
    desk = Desk()
    refused = desk.delivery(FIRST.but(call="perhaps"), "a")
    assert list(map(word, await desk.intake.receive([refused]))) == ["unmapped_code"]
    assert list(map(word, await desk.intake.receive([desk.delivery(FIRST, "a")]))) == ["applied"]


async def test_the_same_name_from_another_source_is_another_delivery() -> None:
    desk = Desk()
    other = FIRST.sent_by("https://other.example")
    found = await desk.intake.receive([desk.delivery(FIRST, "a"), desk.delivery(other, "a")])
    assert list(map(word, found)) == ["applied", "applied"]
    assert len((await desk.timeline())["ctdna"]) == 2


async def test_the_second_fact_of_a_batch_sees_the_first() -> None:
    desk = Desk()
    receipts = await desk.intake.receive(
        [desk.delivery(given) for given in (FIRST, enrolled(), SECOND, ELSEWHERE)]
    )
    assert [receipt.findings for receipt in receipts] == [
        (),
        (SUSPECTED, EXPEDITE),
        (SUSPECTED, CONFIRMED, EXPEDITE),
        (),
    ]
    assert [one["sequence"] for one in await desk.notices()] == [1, 2, 3, 4, 5]


async def test_what_is_refused_is_kept_untouched() -> None:
    desk = Desk()
    delivery = desk.raw(b"\xff", "t.ctdna.results")
    (receipt,) = await desk.intake.receive([delivery])
    assert receipt.reason is Reason.UNDECODABLE
    (row,) = await desk.ledger.quarantined()
    assert (row.topic, row.offset, row.value) == ("t.ctdna.results", 0, b"\xff")
    assert (tuple(row.headers), row.reason) == (STRUCTURED, "undecodable")


async def test_a_study_without_rules(tmp_path: Path) -> None:
    (tmp_path / "S-9.toml").write_text('reader = "central"\n')
    desk = Desk(rules=tmp_path)
    there = FIRST.but(study_id="S-9")
    assert await desk.give(FIRST, there) == ["unknown_study", "applied"]
    assert [patient.study_id for patient in await desk.ledger.patients()] == ["S-9"]


def plant_an_error(monkeypatch: pytest.MonkeyPatch, record_id: str) -> None:
    def failing(state: PatientState, arrival: Arrival, ruleset: Ruleset) -> Outcome:
        if getattr(arrival.change, "record_id", "") == record_id:
            raise ZeroDivisionError(record_id)
        return apply(state, arrival, ruleset)

    monkeypatch.setattr(fold, "apply", failing)


async def test_an_error_of_our_own_touches_one_delivery(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    plant_an_error(monkeypatch, "s1")
    desk = Desk()
    assert await desk.give(enrolled(), FIRST, SECOND, ELSEWHERE) == [
        *("applied", "processing_error", "applied", "applied")
    ]
    assert (await desk.incomplete(P1), await desk.incomplete(P2)) == (True, False)
    assert await desk.records() == {"s2": 1}
    (row,) = await desk.ledger.quarantined()
    assert (row.reason, row.event_id) == ("processing_error", "m2")
    assert "s1" not in row.message + caplog.text
    assert re.search(r"ZeroDivisionError at [\w.]*test_intake:\d+", caplog.text)
    monkeypatch.undo()
    assert await desk.give(FIRST.but(version=2)) == ["applied"]


async def test_an_error_of_our_own_in_decoding_touches_one_delivery() -> None:
    desk = Desk()

    def failing(_delivery: object) -> None:
        raise ZeroDivisionError

    desk.intake._decoder = failing  # type: ignore[assignment]
    assert await desk.give(FIRST) == ["processing_error"]
    assert await desk.give(*[FIRST] * 18) == ["processing_error"] * 18
    with pytest.raises(BrokenRelease):  # nobody knows whose they are: each counts
        await desk.give(FIRST)


async def test_errors_for_twenty_patients_in_a_row_stop_the_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant_an_error(monkeypatch, "s1")
    desk = Desk()
    bad = [FIRST.but(patient_id=f"P-{number}") for number in range(20)]
    assert await desk.give(*bad[:19], SECOND) == ["processing_error"] * 19 + ["applied"]
    assert await desk.give(*bad[:19]) == ["processing_error"] * 19
    before = len(await desk.ledger.quarantined())
    with pytest.raises(BrokenRelease):
        await desk.give(bad[19])
    assert len(await desk.ledger.quarantined()) == before


async def test_one_patient_alone_never_stops_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    plant_an_error(monkeypatch, "s1")
    desk = Desk()
    assert await desk.give(*[FIRST] * 25) == ["processing_error"] * 25
    assert await desk.give(ELSEWHERE) == ["applied"]


async def test_an_offset_beyond_the_next_stops_the_worker_unless_gaps_are_allowed() -> None:
    desk = Desk()
    await desk.give(FIRST)
    desk.raw(b"lost", "t.ctdna.results")
    ahead = desk.delivery(SECOND)
    with pytest.raises(LedgerBehind):
        await desk.intake.receive([ahead])
    assert (await desk.ledger.offsets(GROUP))[TopicPartition("t.ctdna.results", 0)][0] == 0
    lenient = Desk(desk.ledger, gaps_allowed=frozenset({"t.ctdna.results"}))
    assert list(map(word, await lenient.intake.receive([ahead]))) == ["applied"]


async def test_counts_add_up_to_the_offsets_however_often_they_come() -> None:
    chance = random.Random(7)
    desk = Desk()
    givens: list[Given] = [enrolled(), FIRST, FIRST, FIRST.but(call="?"), SECOND.but(version=2)]
    givens += [SECOND, read(84, "r1", targets=targets(T1="50")), FIRST.but(call="not_detected")]
    stream = [desk.delivery(given, f"id{number % 7}") for number, given in enumerate(givens)]
    stream += [desk.raw(None), desk.delivery(SECOND, "id5"), desk.raw(b"{}", "t.imaging.reads")]
    position = 0
    while position < len(stream):
        size = chance.randint(1, 4)
        await desk.intake.receive(stream[position : position + size])
        position += chance.randint(0, size)  # the rest was committed and not acknowledged
    found = await desk.ledger.offsets(GROUP)
    for topic, last in desk.offsets.items():
        offset, counts = found[TopicPartition(topic, 0)]
        assert offset == last
        assert sum(astuple(counts)) == last + 1
    recorded = [counts for _, counts in found.values()]
    assert sum(one.rejected for one in recorded) == len(await desk.ledger.quarantined()) == 4
    accepted = await desk.ledger.accepted(P1)
    assert sum(one.applied + one.stale for one in recorded) == len(accepted) == 6
    assert sum(one.duplicate for one in recorded) == 1
