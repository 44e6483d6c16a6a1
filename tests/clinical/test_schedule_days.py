"""Between one due day and the next the clock changes nothing (rules 4.1)."""

import random

import pytest

from monitor.clinical.schedule import next_due_on
from tests.clinical.clock_table import clocked, course
from tests.clinical.facts import closed, number_of
from tests.clinical.patient import Patient

LAST_DAY = 420
RULES = {
    "schedule.follow_up_years": 1,
    "schedule.imaging_later_after_days": 200,
    "schedule.imaging_days_later": 90,
}


def drawn(rng: random.Random) -> str:
    """A year of a patient who comes and stays away, is treated again, leaves or dies."""
    rows = ["0 enrolled", f"{rng.randint(-20, 40)} surgery t until={rng.randint(40, 45)}"]
    rows += [f"{rng.randint(50, 90)} base b no-targets"] * rng.randint(0, 1)
    words = ["read {} no-targets", "ctdna {} detected", "contact {}", "read {} status=preliminary",
             "ctdna {} not_detected", "ctdna {} detected status=registered"]  # fmt: skip
    rows += [
        f"{rng.randint(50, 300)} {rng.choice(words).format(f'x{number}')}"
        for number in range(rng.randint(0, 5))
    ]
    ends = ["", "{} died", "{} withdrew follow_up", "{} ablation u until={} round=2"]
    end = rng.choice(ends)
    day = rng.randint(100, 300)
    return "; ".join([*rows, *([end.format(day, day + 2)] if end else [])])


def seen_with(patient: Patient, day: int) -> tuple[object, ...]:
    at_day = Patient()
    at_day.ruleset, at_day.state = patient.ruleset, patient.state
    at_day.tell(closed(day))
    document = at_day.timeline()
    return (document["standing_findings"], document["schedule"])


def due(patient: Patient) -> int | None:
    day = next_due_on(course(patient))
    return number_of(day.isoformat() if day else None)


@pytest.mark.parametrize("seed", range(12))
def test_nothing_changes_on_a_day_that_is_not_due(seed: int) -> None:
    rng = random.Random(seed)
    no_contact = rng.choice([0, 20, 100, 180])
    patient = clocked(drawn(rng), {**RULES, "followup.no_contact": no_contact})
    before = seen_with(patient, -30)
    patient.tell(closed(-30))
    for day in range(-29, LAST_DAY):
        is_due = due(patient) == day
        seen = seen_with(patient, day)
        assert is_due or seen == before, f"day {day} changed something"
        if is_due:
            before = seen
            patient.tell(closed(day))
