"""More rows of the clock (clinical rules 1.11 and 4.1): who is lost, which visits are missed."""

import pytest

from tests.clinical.clock_table import clocked, states

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
    ("day", "landmark"), [(83, "done"), (84, "late"), (166, "late"), (167, "missed")]
)
def test_a_visit_is_late_until_the_next_window_opens_that_opens_after_it_has_closed(
    day: int, landmark: str
) -> None:
    # Windows of days 40 to 83 (the landmark), 83 to 111, 167 to 195: two share a day.
    story = "0 enrolled; 10 surgery t until=12; 13 base b no-targets; 400 closed"
    rules = {"schedule.landmark_to_days": 71}
    patient = clocked(f"{story}; {day} ctdna s not_detected", rules)
    assert states(patient, "ctdna").split()[0] == landmark
