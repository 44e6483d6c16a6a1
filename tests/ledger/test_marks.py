"""The mark of a patient of whom something failed in our own code, in every home of the ledger."""

from collections.abc import Awaitable
from dataclasses import replace
from typing import cast

import pytest

from monitor import fold
from monitor.clinical.state import PatientState
from monitor.clinical.transitions import Arrival, Outcome, Ruleset, apply
from monitor.clock import FixedClock
from monitor.differences import Kind
from monitor.ledger.archive import Archive
from monitor.ledger.closings import DeliveryKey
from monitor.ledger.port import Ledger
from monitor.ledger.refusals import Wanted
from monitor.parking import Parking
from monitor.reconciliation import Pace, Reconciler
from monitor.wire.delivery import Delivery, Reason
from tests.clinical.facts import enrolled, sample
from tests.intake.desk import NOON, P1, P2, Desk
from tests.intake.refused import (
    RESULTS,
    ends,
    redriven,
    row_at,
    take,
)

FIRST = sample(100, "detected", "s1")
SECOND = sample(120, "detected", "s2")


async def differences(desk: Desk) -> list[Kind]:
    """What the daily audit would find to differ of the first patient."""
    pace = Pace(FixedClock(NOON))
    reconciler = Reconciler(cast("Archive", desk.ledger), desk.rulesets, "test", pace)
    return list((await reconciler.check(P1)).differences)


def failing(state: PatientState, arrival: Arrival, ruleset: Ruleset) -> Outcome:
    if getattr(arrival.change, "call", "") == "detected":
        raise ZeroDivisionError
    return apply(state, arrival, ruleset)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(fold, "apply", failing)
    return monkeypatch


async def test_the_mark_goes_with_the_last_one(ledger: Ledger, broken: pytest.MonkeyPatch) -> None:
    desk = Desk(ledger)
    await desk.give(enrolled())
    before = await ledger.state(P1)
    assert await desk.give(FIRST) == [Reason.PROCESSING_ERROR]
    assert await desk.give(SECOND) == [Reason.PROCESSING_ERROR]
    assert await desk.incomplete()
    assert (await row_at(desk, 0)).error_class == "ZeroDivisionError"
    broken.undo()
    assert await differences(desk) == []
    assert await take(desk, redriven(desk, await row_at(desk, 1))) == ["applied"]
    assert await desk.incomplete()
    assert await take(desk, redriven(desk, await row_at(desk, 0))) == ["applied"]
    assert not await desk.incomplete()
    after = await ledger.state(P1)
    assert before is not None
    assert after is not None
    assert after.next_due_on is not None
    assert await differences(desk) == []


async def test_it_goes_with_the_last_one_that_is_parked(
    ledger: Ledger, broken: pytest.MonkeyPatch
) -> None:
    desk = Desk(ledger)
    await desk.give(enrolled())
    due = (await ledger.state(P1)).next_due_on  # type: ignore[union-attr]
    await desk.give(FIRST, SECOND)
    broken.undo()
    parking = Parking(cast("Archive", ledger), desk.rulesets, FixedClock(NOON))
    assert await parking.park(Wanted(key=DeliveryKey(RESULTS, 0, 0)), "anna", "lost") == 1
    assert await desk.incomplete()
    assert await differences(desk) == []
    assert await parking.park(Wanted(reason="processing_error"), "anna", "lost") == 1
    assert not await desk.incomplete()
    assert (await ledger.state(P1)).next_due_on == due is not None  # type: ignore[union-attr]
    assert await differences(desk) == []
    assert await ends(desk) == {0: "parked", 1: "parked"}
    (*_, entry) = await ledger.audit()
    assert (entry.actor, entry.reason, entry.details) == ("anna", "lost", '{"parked_at_most": 1}')
    assert await parking.park(Wanted(), "anna", "lost") == 0


async def test_a_record_that_went_to_another_patient_takes_its_mark_along(
    ledger: Ledger, broken: pytest.MonkeyPatch
) -> None:
    desk = Desk(ledger)
    await desk.give(enrolled())
    due = (await ledger.state(P1)).next_due_on  # type: ignore[union-attr]
    assert await desk.give(FIRST) == [Reason.PROCESSING_ERROR]
    assert (await ledger.state(P1)).next_due_on is None  # type: ignore[union-attr]
    broken.undo()
    assert await desk.give(FIRST.but(version=2, patient_id=P2.patient_id)) == ["applied"]
    assert not await desk.incomplete(P1)
    assert (await ledger.state(P1)).next_due_on == due is not None  # type: ignore[union-attr]


@pytest.mark.usefixtures("broken")
async def test_one_refused_and_settled_in_one_batch_leaves_an_older_one(ledger: Ledger) -> None:
    desk = Desk(ledger)
    assert await desk.give(FIRST) == [Reason.PROCESSING_ERROR]
    assert await desk.give(SECOND, SECOND.gone(2)) == [Reason.PROCESSING_ERROR, "applied"]
    assert await ends(desk) == {0: "open", 1: "accepted (2)"}
    assert await desk.incomplete()


async def between(
    ledger: Ledger, called: str, step: Awaitable[object], patch: pytest.MonkeyPatch
) -> None:
    """Let another worker take its step just before this one's next call of that name."""
    inner, steps = getattr(ledger, called), [step]

    async def after_another(*args: object) -> object:
        if steps:
            await steps.pop()
        return await inner(*args)

    patch.setattr(ledger, called, after_another)


def elsewhere(delivery: Delivery, partition: int) -> Delivery:
    """The delivery on a partition that another worker has, as its first."""
    return replace(delivery, partition=partition, offset=0)


@pytest.mark.parametrize("called", ["refusals", "load", "record"])
async def test_two_workers_who_settle_the_last_two_unmark_the_patient(
    ledger: Ledger, broken: pytest.MonkeyPatch, called: str
) -> None:
    desk = Desk(ledger)
    await desk.give(enrolled())
    assert await desk.give(FIRST, SECOND) == [Reason.PROCESSING_ERROR] * 2
    broken.undo()
    one, two = [redriven(desk, await row_at(desk, offset)) for offset in (0, 1)]
    await between(ledger, called, take(desk, elsewhere(one, 1)), broken)
    assert await take(desk, elsewhere(two, 2)) == ["applied"]
    assert {end.split()[0] for end in (await ends(desk)).values()} == {"accepted"}
    assert not await desk.incomplete()
    assert await differences(desk) == []


@pytest.mark.parametrize("called", ["refusals", "load", "record"])
async def test_two_workers_who_move_the_records_away_unmark_the_patient(
    ledger: Ledger, broken: pytest.MonkeyPatch, called: str
) -> None:
    """Neither writes a fact of the patient, whose row all the same guards how many are open."""
    desk = Desk(ledger)
    await desk.give(enrolled())
    assert await desk.give(FIRST, SECOND) == [Reason.PROCESSING_ERROR] * 2
    broken.undo()
    moved = [FIRST.but(version=2, patient_id="P-2"), SECOND.but(version=2, patient_id="P-3")]
    one, two = [desk.delivery(given) for given in moved]
    await between(ledger, called, take(desk, elsewhere(one, 1)), broken)
    assert await take(desk, elsewhere(two, 2)) == ["applied"]
    assert {end.split()[0] for end in (await ends(desk)).values()} == {"accepted"}
    assert not await desk.incomplete()


@pytest.mark.parametrize("called", ["refusals", "load", "record"])
async def test_a_worker_who_refuses_one_more_keeps_the_patient_marked(
    ledger: Ledger, broken: pytest.MonkeyPatch, called: str
) -> None:
    desk = Desk(ledger)
    await desk.give(enrolled())
    assert await desk.give(FIRST) == [Reason.PROCESSING_ERROR]
    broken.undo()
    again = redriven(desk, await row_at(desk, 0))

    async def refuse_one_more() -> None:
        with broken.context() as other:
            other.setattr(fold, "apply", failing)
            assert await take(desk, elsewhere(desk.delivery(SECOND), 1)) == ["processing_error"]

    await between(ledger, called, refuse_one_more(), broken)
    assert await take(desk, elsewhere(again, 2)) == ["applied"]
    assert await desk.incomplete()
    assert await differences(desk) == []


@pytest.mark.parametrize("called", ["refusals", "state", "record"])
async def test_one_who_parks_and_a_worker_unmark_the_patient_between_them(
    ledger: Ledger, broken: pytest.MonkeyPatch, called: str
) -> None:
    desk = Desk(ledger)
    await desk.give(enrolled())
    assert await desk.give(FIRST, SECOND) == [Reason.PROCESSING_ERROR] * 2
    broken.undo()
    await between(ledger, called, take(desk, redriven(desk, await row_at(desk, 1))), broken)
    parking = Parking(cast("Archive", ledger), desk.rulesets, FixedClock(NOON))
    assert await parking.park(Wanted(key=DeliveryKey(RESULTS, 0, 0)), "anna", "lost") == 1
    assert await ends(desk) == {0: "parked", 1: "accepted (2)"}
    assert not await desk.incomplete()
    assert await differences(desk) == []


@pytest.mark.usefixtures("broken")
async def test_what_was_parked_and_comes_once_more_marks_nobody(ledger: Ledger) -> None:
    desk = Desk(ledger)
    await desk.give(enrolled())
    due = (await ledger.state(P1)).next_due_on  # type: ignore[union-attr]
    bad = desk.delivery(FIRST)
    assert await take(desk, bad) == [Reason.PROCESSING_ERROR]
    parking = Parking(cast("Archive", ledger), desk.rulesets, FixedClock(NOON))
    await parking.park(Wanted(), "anna", "lost")
    assert await take(desk, bad) == [Reason.PROCESSING_ERROR]
    assert await ends(desk) == {0: "parked"}
    assert not await desk.incomplete()
    assert (await ledger.state(P1)).next_due_on == due is not None  # type: ignore[union-attr]
    assert await take(desk, desk.delivery(SECOND)) == [Reason.PROCESSING_ERROR]
    assert await desk.incomplete()
