"""Which version of a record stands, whatever the order of arrival (contract 2)."""

from itertools import permutations

import pytest

from monitor.clinical.state import load_state
from tests.clinical.facts import Given, enrolled, read, sample, targets
from tests.intake.desk import P1, P2, Desk

DETECTED = sample(100, "detected", "s1")
P2_DETECTED = DETECTED.but(patient_id="P-2")
MADE = ("MOLECULAR_RELAPSE_SUSPECTED", "IMAGING_EXPEDITE_REQUESTED")  # by a positive alone
RAISED = [f"raised {name}" for name in MADE]


def version(number: int, status: str = "final", call: str = "detected") -> Given:
    return DETECTED.but(version=number, status=status, call=call)


@pytest.mark.parametrize("status", ["final", "amended", "corrected"])
async def test_a_version_of_a_settled_status_raises(status: str) -> None:
    desk = Desk()
    await desk.give(enrolled(), version(1, status))
    assert await desk.said() == RAISED


@pytest.mark.parametrize("status", ["registered", "preliminary"])
async def test_a_provisional_version_is_shown_and_raises_nothing(status: str) -> None:
    desk = Desk()
    await desk.give(enrolled(), version(1, status))
    assert await desk.records() == {"s1": 1}
    assert await desk.said() == []


async def test_a_registered_result_needs_no_call() -> None:
    desk = Desk()
    given = [sample(100, None, "s1", status="registered"), sample(100, None, "s2")]
    assert await desk.give(*given) == ["applied", "schema_invalid"]


@pytest.mark.parametrize("status", ["cancelled", "entered_in_error"])
async def test_a_tombstone_takes_the_record_away_and_stays(status: str) -> None:
    desk = Desk()
    await desk.each([enrolled(), version(1), DETECTED.gone(3, status)])
    assert await desk.records() == {}
    assert await desk.give(version(2, "corrected")) == ["stale"]
    assert await desk.give(version(4, "preliminary")) == ["applied"]
    assert await desk.records() == {}
    assert await desk.give(version(5)) == ["applied"]
    assert await desk.records() == {"s1": 5}
    assert await desk.said() == [*RAISED, *(f"withdrawn {name}" for name in MADE), *RAISED]


async def test_a_tombstone_may_come_first() -> None:
    desk = Desk()
    assert await desk.give(enrolled(), DETECTED.gone(2), version(1)) == [
        *("applied", "applied", "stale")
    ]
    assert await desk.records() == {}


async def test_a_version_below_the_standing_one_is_stale_whatever_it_says() -> None:
    desk = Desk()
    await desk.give(enrolled(), version(3))
    lower = [version(2, call="not_detected"), version(1).but(patient_id="P-2"),
             read(100, "s1"), DETECTED.gone(1)]  # fmt: skip
    assert await desk.each(lower) == ["stale"] * 4
    assert await desk.records() == {"s1": 3}
    assert await desk.records(P2) == {}  # and yet the patient has a timeline


async def test_the_same_version_in_another_event_changes_nothing() -> None:
    desk = Desk()
    assert await desk.give(enrolled(), version(1), version(1)) == ["applied", "applied", "stale"]
    assert not await desk.incomplete()


SETTLED_2 = (version(1, "preliminary"), version(2), version(3, "preliminary"),
             version(4, "registered"))  # fmt: skip
GONE_3 = (version(1), version(2, "preliminary"), DETECTED.gone(3), version(4, "preliminary"))
MOVED_3 = (version(1), version(2, "preliminary"), P2_DETECTED.but(version=3),
           P2_DETECTED.but(version=4, status="preliminary"))  # fmt: skip


@pytest.mark.parametrize(
    ("versions", "first", "second"),
    [(SETTLED_2, {"s1": 2}, None), (GONE_3, {}, None), (MOVED_3, {}, {"s1": 3})],
)
async def test_whatever_the_order_of_arrival(
    versions: tuple[Given, ...], first: dict[str, int], second: dict[str, int] | None
) -> None:
    for order in permutations(versions):
        desk = Desk()
        assert set(await desk.each([enrolled(), *order])) <= {"applied", "stale"}
        assert await desk.records() == first
        if second is not None:
            assert await desk.records(P2) == second


async def test_the_newest_provisional_version_lies_beside() -> None:
    for order in permutations(SETTLED_2):
        desk = Desk()
        await desk.each(order)
        row = await desk.ledger.state(P1)
        assert row is not None
        (held,) = load_state(row.document).ctdna
        assert held.beside is not None
        assert (held.fact.record_version, held.beside.record_version) == (2, 4)


async def test_a_record_of_another_type_is_a_conflict() -> None:
    desk = Desk()
    await desk.give(enrolled(), version(1))
    assert await desk.give(read(100, "s1", record_version=2, targets=targets(T1="50"))) == [
        "version_conflict"
    ]
    assert await desk.records() == {"s1": 1}
