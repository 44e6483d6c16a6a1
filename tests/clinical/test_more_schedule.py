"""More rows of the clock (clinical rules 1.11 and 4.1): who is lost, which visits are missed."""

import datetime

import pytest

from monitor.clinical.schedule import next_due_on
from tests.clinical.clock_table import clocked, course, overdue, states, visits
from tests.clinical.facts import FIRST_DAY, images, on, read, systemic

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


@pytest.mark.parametrize("record_id", ["a", "z"])
def test_of_contacts_of_the_same_days_a_read_comes_last(record_id: str) -> None:
    patient = clocked("0 enrolled; 10 surgery t until=12; 600 closed")
    shots = images(("CT", 58), ("MRI", 60))
    patient.tell_all([systemic(58, "m", ended_on=on(60)), read(58, record_id, images=shots)])
    assert [row for row in patient.standing() if row.startswith("LOST")] == [
        f"LOST_TO_FOLLOWUP @60 {record_id}"
    ]


def test_rounds_are_told_apart_by_when_they_began_not_by_their_numbers() -> None:
    story = "0 enrolled; 10 surgery t until=12 round=2; 200 surgery u until=202 round=1; 302 closed"
    assert overdue(clocked(story), "imaging") == [
        "96 @110 low t", "180 @194 medium t", "286 @300 low u",
    ]  # fmt: skip


def test_a_landmark_after_a_serial_sample_comes_after_it_in_the_row() -> None:
    story = "0 enrolled; 10 surgery t until=12; 13 base b no-targets; 168 closed"
    rules = {"schedule.landmark_from_days": 99, "schedule.landmark_to_days": 155}
    assert overdue(clocked(story, rules), "ctdna") == ["97 @111 low b", "111 @167 medium t"]


# Serial windows of days 83 to 111, 167 to 195, 251 to 279, and a landmark over some of them.
@pytest.mark.parametrize(
    ("landmark", "day", "three"),
    [
        ((28, 188), 170, "done missed done"),  # 40 to 200
        ((28, 188), 210, "late missed late"),
        ((28, 155), 200, "late missed late"),  # 40 to 167
        ((99, 158), 200, "missed late late"),  # 111 to 170
    ],
)
def test_windows_that_lie_over_each_other(landmark: tuple[int, int], day: int, three: str) -> None:
    story = "0 enrolled; 10 surgery t until=12; 13 base b no-targets; 400 closed"
    rules = dict(zip(("schedule.landmark_from_days", "schedule.landmark_to_days"), landmark,
                     strict=True))  # fmt: skip
    patient = clocked(f"{story}; {day} ctdna s not_detected", rules)
    assert states(patient, "ctdna").split()[:3] == three.split()
