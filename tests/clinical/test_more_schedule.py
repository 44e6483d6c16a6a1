"""More rows of the clock (clinical rules 1.11 and 4.1): who is lost, which visits are missed."""

import datetime

import pytest

from monitor.clinical.schedule import next_due_on
from tests.clinical.clock_table import clocked, course, overdue, states, visits
from tests.clinical.facts import FIRST_DAY

BASE = "0 enrolled; 10 surgery t until=12; 50 base b no-targets; 60 contact c"


def lost(story: str) -> list[str]:
    found = clocked(f"{BASE}; {story}").standing()
    return [row for row in found if row.startswith("LOST_TO_FOLLOWUP")]


# Imaging windows close on days 148 and 232; more than 180 days without contact from day 241 on.
@pytest.mark.parametrize(
    ("story", "found"),
    [
        ("600 closed", ["LOST_TO_FOLLOWUP @60 c"]),
        ("600 closed; 241 died", []),
        ("600 closed; 241 withdrew follow_up", []),
        ("600 closed; 241 withdrew consent", []),
        ("600 closed; 241 withdrew treatment", ["LOST_TO_FOLLOWUP @241 withdrawal"]),
        ("600 closed; 300 surgery u until=open round=2", []),
    ],
)
def test_nobody_is_lost_after_the_end_or_without_a_missed_visit_in_the_episode(
    story: str, found: list[str]
) -> None:
    assert lost(story) == found


@pytest.mark.parametrize(
    ("day", "two"),
    [(83, "done done"), (84, "late done"), (166, "late late"), (167, "missed missed")],
)
def test_a_visit_is_late_until_the_next_window_opens_that_opens_after_it_has_closed(
    day: int, two: str
) -> None:
    # Windows of days 40 to 83 (the landmark), 83 to 111, 167 to 195: two share a day.
    story = "0 enrolled; 10 surgery t until=12; 13 base b no-targets; 400 closed"
    rules = {"schedule.landmark_to_days": 71}
    patient = clocked(f"{story}; {day} ctdna s not_detected", rules)
    assert states(patient, "ctdna").split()[:2] == two.split()


def test_of_rounds_that_begin_on_one_day_the_higher_goes_on() -> None:
    story = "0 enrolled; 10 surgery t until=10 round=2; 10 ablation a until=12 round=1; 109 closed"
    assert overdue(clocked(story), "imaging") == ["94 @108 low t"]


def test_visits_go_on_until_the_very_day_so_many_years_later() -> None:
    days = {"days": 1, "days_later": 1, "window_days": 0, "window_days_later": 0}
    daily = {f"schedule.imaging_{name}": number for name, number in days.items()}
    rules = {"schedule.follow_up_years": 8, **daily}
    assert visits(clocked("0 enrolled", rules), "imaging")[-1] == "2922..2922 due"


@pytest.mark.parametrize(
    ("landmark_to", "changes_on"), [(97, 110), (98, 111), (99, 112), (150, 112)]
)
def test_of_windows_that_overlap_the_first_to_close_is_next(
    landmark_to: int, changes_on: int
) -> None:
    # The landmark is open from day 40 on, the sample due on day 97 until day 111.
    rules = {"schedule.landmark_to_days": landmark_to, "schedule.imaging_days": 200}
    patient = clocked("0 enrolled; 10 surgery t until=12; 13 base b no-targets; 50 closed", rules)
    assert next_due_on(course(patient)) == FIRST_DAY + datetime.timedelta(days=changes_on)


@pytest.mark.parametrize(
    ("samples", "stands"),
    [
        ("", "40 @68 low t"),  # the landmark, open from day 40 to 68; the other closes on day 54
        ("; 60 ctdna s not_detected", "40 @54 low t late @60 s"),
        ("; 45 ctdna s not_detected", None),
    ],
)
def test_of_a_landmark_and_a_visit_due_on_one_day_the_first_that_is_missed_stands(
    samples: str, stands: str | None
) -> None:
    # Both are counted from the therapy, so that both findings have one id: the landmark is first.
    rules = {"schedule.ctdna_days": 28}
    patient = clocked(f"0 enrolled; 10 surgery t until=12; 70 closed{samples}", rules)
    assert overdue(patient, "ctdna") == ([stands] if stands else [])


def test_a_window_that_opens_on_the_day_that_the_landmark_closes_is_not_the_next() -> None:
    # Windows of days 83 to 111, 111 to 167 (the landmark), 167 to 195, 251 to 279.
    story = "0 enrolled; 10 surgery t until=12; 13 base b no-targets; 400 closed"
    rules = {"schedule.landmark_from_days": 99, "schedule.landmark_to_days": 155}
    patient = clocked(f"{story}; 168 ctdna s not_detected", rules)
    assert states(patient, "ctdna").split()[:3] == ["missed", "late", "done"]
