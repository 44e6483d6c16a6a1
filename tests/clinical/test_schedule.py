"""The next day on which the clock could change something (rules 4.1, "Schedule")."""

from itertools import pairwise

import pytest

from monitor.clinical.course import course_of
from monitor.clinical.schedule import next_due_on
from tests.clinical.facts import Given, closed, enrolled, number_of, read, targets, therapy
from tests.clinical.patient import Patient

ENROLLED = enrolled(0)
SURGERY = therapy(10, "surgery", "t", ended=12)
BASELINE = read(50, "b", baseline=True, targets=targets(T1="50"))


def due(patient: Patient) -> int | None:
    day = next_due_on(course_of(patient.state, patient.ruleset.parameters))
    return number_of(None if day is None else day.isoformat())


@pytest.mark.parametrize(
    ("facts", "anchor"),
    [
        ([ENROLLED], 0),
        ([ENROLLED, SURGERY], 12),
        ([ENROLLED, SURGERY, BASELINE], 50),
        ([ENROLLED, SURGERY, BASELINE.but(status="preliminary")], 12),
        ([ENROLLED, SURGERY, BASELINE, therapy(90, "ablation", "t2", ended=90, round_=2)], 90),
    ],
)
def test_visits_are_counted_from_the_anchor(facts: list[Given], anchor: int) -> None:
    assert due(Patient().tell_all(facts)) == anchor + 84 + 14 + 1


def test_nothing_is_due_without_enrolment_or_while_a_therapy_has_no_end() -> None:
    assert due(Patient().tell_all([SURGERY])) is None
    assert due(Patient().tell_all([ENROLLED.but(status="preliminary")])) is None
    open_ended = therapy(10, "surgery", "t", ended=None)
    assert due(Patient().tell_all([ENROLLED, open_ended])) is None


def test_the_due_day_is_always_later_than_the_closed_day() -> None:
    patient = Patient().tell_all([ENROLLED])
    days = []
    while (day := due(patient)) is not None:
        days.append(day)
        patient.tell(closed(day))
    assert all(before < after for before, after in pairwise(days))
    two_years = [84 * number + 14 + 1 for number in range(1, 9)]
    until_five = [672 + 168 * number + 21 + 1 for number in range(1, 7)]
    assert days == two_years + until_five
    patient.tell(closed(98))
    assert due(patient) is None
