"""The next day on which the clock could change something, and visits missed (rules 4.1, 1.11)."""

import datetime
from itertools import pairwise

import pytest

from monitor.clinical.schedule import missed_visits, next_due_on
from tests.clinical.clock_table import clocked, course
from tests.clinical.facts import FIRST_DAY, Given, closed, enrolled, number_of, read, sample
from tests.clinical.patient import Patient

BASE = "0 enrolled; 10 surgery t until=12; 50 base b no-targets"


def due(patient: Patient) -> int | None:
    day = next_due_on(course(patient))
    return number_of(None if day is None else day.isoformat())


def days_due(patient: Patient) -> list[int]:
    """Close each day that is due, until none is."""
    days = []
    while (day := due(patient)) is not None:
        days.append(day)
        patient.tell(closed(day))
    return days


@pytest.mark.parametrize(
    ("story", "day"),
    [
        ("0 enrolled", 99),
        ("0 enrolled; 10 surgery t until=12", 69),
        ("0 enrolled; 10 surgery t until=12; 68 closed", 69),
        ("0 enrolled; 10 surgery t until=12; 69 closed", 111),
        (f"{BASE}; 69 closed", 149),
        (f"{BASE}; 148 closed", 149),
        (f"{BASE}; 149 closed", 233),
        (f"{BASE}; 69 closed; 148 died", None),
        (f"{BASE}; 69 closed; 149 died", 149),
        (f"{BASE}; 69 closed; 148 withdrew consent", None),
        (f"{BASE}; 69 closed; 100 ablation u until=open round=2", None),
        (f"{BASE}; 69 closed; 149 ablation u until=open round=2", 149),
        (f"{BASE}; 69 closed; 148 ablation u until=148 round=2", 205),
        ("10 surgery t until=12", None),
        ("0 enrolled status=preliminary", None),
        ("0 enrolled; 10 surgery t until=open", None),
    ],
)
def test_the_day_after_the_next_window_closes(story: str, day: int | None) -> None:
    assert due(clocked(story)) == day


def test_the_due_day_is_always_later_than_the_closed_day() -> None:
    patient = Patient().tell_all([enrolled(0)])
    days = days_due(patient)
    assert all(before < after for before, after in pairwise(days))
    ctdna = {84 * number + 14 + 1 for number in range(1, 22)}
    later = {672 + 168 * number + 21 + 1 for number in range(1, 7)}
    silent = 181  # days after the enrolment; lost is known only when the second window is closed
    assert silent not in days
    assert set(days) == ctdna | later
    patient.tell(closed(98))
    assert due(patient) is None


def test_the_day_of_loss_to_follow_up_is_due() -> None:
    patient = clocked(f"{BASE}; 60 contact c; 232 closed")
    assert due(patient) == 233
    patient.tell(closed(233))
    assert due(patient) == 60 + 181
    assert patient.tell(closed(241)) == ["raised LOST_TO_FOLLOWUP"]
    assert due(patient) == 317


def test_loss_is_due_after_the_last_window_too() -> None:
    patient = clocked("0 enrolled; 1700 contact c; 1778 closed")
    assert due(patient) == 1779  # the last ctDNA visit is due on 1764
    patient.tell(closed(1779))
    assert due(patient) == 1881
    patient.tell(closed(1881))
    assert "LOST_TO_FOLLOWUP @1700 c" in patient.standing()
    assert due(patient) is None


@pytest.mark.parametrize(
    "last", [sample(100, None, "s", status="registered"), read(107, "r", status="preliminary")]
)
def test_the_end_of_a_turnaround_is_due(last: Given) -> None:
    patient = clocked(f"{BASE}; 100 closed")
    patient.tell(last)
    assert due(patient) == 122
    patient.tell(closed(121))
    assert due(patient) == 122
    assert patient.tell(closed(122)) == ["raised OVERDUE_ASSESSMENT"]


def test_the_day_on_which_imaging_is_asked_for_again_is_due() -> None:
    patient = clocked(f"{BASE}; 80 ctdna s detected; 100 ctdna u detected; 149 closed")
    assert due(patient) == 100 + 84
    patient.tell(closed(184))
    assert due(patient) == 233


@pytest.mark.parametrize(
    ("story", "day"),
    [
        ("", None),
        ("90 died", 90),
        ("90 died; 80 withdrew follow_up", 80),
        ("80 died; 90 withdrew consent", 80),
        ("80 died status=preliminary; 90 withdrew consent", 90),
        ("80 withdrew treatment", None),
        ("80 withdrew follow_up status=registered", None),
    ],
)
def test_what_ends_follow_up(story: str, day: int | None) -> None:
    found = course(clocked(f"{BASE}; {story}")).ended_on
    assert number_of(found.isoformat() if found else None) == day


@pytest.mark.parametrize(
    ("story", "until", "missed"),
    [
        ("", 148, []),
        ("", 149, [134]),
        ("148 read r no-targets", 233, [218]),
        ("149 read r no-targets", 149, [134]),
        ("140 read r reader=R9@central", 149, [134]),
        ("140 read r T1=ne", 149, []),
        ("140 read r status=preliminary", 149, []),
        ("100 withdrew follow_up; 149 read r", 233, [134, 218]),
        ("148 ablation u until=148 round=2", 300, [232]),
        ("149 ablation u until=149 round=2", 300, [134, 233]),
        ("900 closed", 149, [134]),
    ],
)
def test_missed_before_an_event(story: str, until: int, missed: list[int]) -> None:
    found = course(clocked(f"{BASE}; {story}"))
    days = missed_visits(found, FIRST_DAY + datetime.timedelta(days=until))
    assert [(day - FIRST_DAY).days for day in days] == missed
