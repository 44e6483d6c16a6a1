"""Conflicting versions leave a patient incomplete; a higher version may move a record."""

import pytest

from monitor.ledger.entries import PatientKey
from tests.clinical.facts import Given, enrolled, sample
from tests.intake.desk import P1, P2, Desk

FIRST = sample(100, "detected", "s1")
SECOND = sample(120, "detected", "s2")
SUSPECTED, CONFIRMED = "MOLECULAR_RELAPSE_SUSPECTED", "MOLECULAR_RELAPSE_CONFIRMED"
EXPEDITE = "IMAGING_EXPEDITE_REQUESTED"  # beside each of them: nobody here has been imaged
RAISED = [f"raised {SUSPECTED}", f"raised {EXPEDITE}"]
WITHDRAWN = [f"withdrawn {SUSPECTED}", f"withdrawn {EXPEDITE}"]


def version(number: int, status: str = "final", **changes: object) -> Given:
    return FIRST.but(version=number, status=status, **changes)


async def test_the_first_content_of_a_version_stands_and_the_patient_is_incomplete() -> None:
    desk = Desk()
    found = await desk.give(enrolled(), version(1), version(1, call="not_detected"))
    assert found == ["applied", "applied", "version_conflict"]
    assert await desk.incomplete()
    assert await desk.said() == RAISED


@pytest.mark.parametrize("one_batch", [True, False])
@pytest.mark.parametrize(
    ("answer", "incomplete"),
    [
        (version(1, "corrected"), True),
        (version(2), False),
        (version(2, "preliminary"), False),
        (FIRST.gone(2), False),
        (version(2, patient_id="P-2"), False),
        (version(2, "preliminary", patient_id="P-2"), False),
    ],
)
async def test_a_higher_version_answers_a_conflict(
    answer: Given, *, incomplete: bool, one_batch: bool
) -> None:
    desk = Desk()
    givens = [version(1), version(1, call="not_detected"), answer]
    await (desk.give(*givens) if one_batch else desk.each(givens))
    assert await desk.incomplete() == incomplete


async def test_a_conflict_below_an_accepted_version_is_answered_already() -> None:
    desk = Desk()
    givens = [version(1, "preliminary"), version(3, "preliminary"), version(1)]
    assert await desk.each(givens) == ["applied", "applied", "version_conflict"]
    assert not await desk.incomplete()


async def test_a_stale_provisional_version_is_remembered_until_something_settles() -> None:
    desk = Desk()
    givens = [version(3, "preliminary"), version(2, "preliminary"), version(2)]
    assert await desk.each(givens) == ["applied", "stale", "version_conflict"]


async def test_an_unanswered_conflict_moves_with_its_record() -> None:
    desk = Desk()
    refused = version(3, "preliminary").but(call="not_detected")
    await desk.each([version(1), version(3, "preliminary"), refused])
    assert await desk.incomplete()
    assert await desk.give(version(2, patient_id="P-2")) == ["applied"]
    assert (await desk.incomplete(P1), await desk.incomplete(P2)) == (False, True)
    await desk.give(version(4, patient_id="P-2"))
    assert not await desk.incomplete(P2)


async def test_a_record_moves_to_another_patient_in_one_step() -> None:
    desk = Desk()
    await desk.give(enrolled(), enrolled(record_id="enrol-2").but(patient_id="P-2"), FIRST, SECOND)
    moving = desk.delivery(version(2, patient_id="P-2"))
    (receipt,) = await desk.intake.receive([moving])
    withdrawn = (SUSPECTED, CONFIRMED, EXPEDITE, EXPEDITE)
    assert receipt.findings == (*withdrawn, SUSPECTED, EXPEDITE, SUSPECTED, EXPEDITE)
    assert [notice.patient_id for notice in receipt.notices] == ["P-1"] * 6 + ["P-2"] * 2
    assert await desk.said(P1) == [
        *RAISED,
        *(f"amended {SUSPECTED}", f"raised {CONFIRMED}", f"raised {EXPEDITE}"),
        *(f"withdrawn {name}" for name in withdrawn),
        *RAISED,
    ]
    assert await desk.said(P2) == RAISED
    assert (await desk.records(P1), await desk.records(P2)) == ({"s2": 1}, {"s1": 2})
    await desk.give(version(3))
    assert (await desk.records(P1), await desk.records(P2)) == ({"s1": 3, "s2": 1}, {})


async def test_a_record_moves_between_studies() -> None:
    desk = Desk()
    there = PatientKey("S-2", "P-1")
    await desk.give(enrolled(), FIRST, version(2, study_id="S-2"))
    assert (await desk.records(P1), await desk.records(there)) == ({}, {"s1": 2})
    (row,) = [row for row in await desk.ledger.accepted(P1) if row.moved_from]
    assert (row.patient, row.moved_from, row.arrival, row.moved_arrival) == (there, P1, 1, 3)


async def test_an_enrolment_that_moves_takes_its_notices_with_it() -> None:
    desk = Desk()
    await desk.give(enrolled(), FIRST, enrolled().but(version=2, patient_id="P-2"))
    assert await desk.said() == [*RAISED, *WITHDRAWN]
    assert (await desk.timeline())["enrolled"] is False
    assert (await desk.timeline(P2))["enrolled"] is True


async def test_a_tombstone_that_names_another_patient_takes_the_record_from_both() -> None:
    desk = Desk()
    await desk.give(enrolled(), FIRST, version(2, patient_id="P-2").gone(2))
    assert (await desk.records(P1), await desk.records(P2)) == ({}, {})
    assert await desk.said() == [*RAISED, *WITHDRAWN]


async def test_a_provisional_version_moves_what_nothing_has_settled() -> None:
    desk = Desk()
    await desk.each([version(1, "preliminary"), version(2, "preliminary", patient_id="P-2")])
    assert (await desk.records(P1), await desk.records(P2)) == ({}, {"s1": 2})


async def test_a_provisional_version_moves_nothing_that_is_settled() -> None:
    desk = Desk()
    await desk.each([version(1), version(2, "preliminary", patient_id="P-2")])
    assert (await desk.records(P1), await desk.records(P2)) == ({"s1": 1}, {})
