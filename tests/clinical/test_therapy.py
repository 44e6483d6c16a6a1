"""Doses at the very bounds and what is said of them; answers that stand, deaths (rules 4.2, 5)."""

import pytest

from tests.clinical.clock_table import clocked, facts_of, found

DEVIATION, STARTED = "PROTOCOL_DEVIATION", "SYSTEMIC_THERAPY_STARTED"
POLY = "0 enrolled; 0 surgery t; 30 base b no-targets; 100 read r no-targets new:X active=6,0"


@pytest.mark.parametrize(
    ("dose", "shown"),
    [
        ("bed=71.99", "71.9 Gy"),
        ("bed=72.0", None),
        ("bed=100.01", "100.1 Gy"),
        ("dose=40/5", None),  # 72 exactly
        ("dose=39.9/5", "71.7 Gy"),
        ("dose=60/9", None),  # 100 exactly, though 60 / 90 has no end
        ("dose=70/245", None),  # 72 exactly, though 70 / 2450 has no end
        ("dose=60/8", "105 Gy"),
    ],
)
def test_what_is_said_of_a_dose_looks_as_far_outside_as_it_is(dose: str, shown: str | None) -> None:
    patient = clocked(f"0 enrolled; 10 radiotherapy t {dose}")
    assert found(patient, DEVIATION) == ([] if shown is None else [f"{DEVIATION} @10 t"])
    if shown is not None:
        assert f" {shown}, outside 72 to 100 Gy" in patient.last(DEVIATION).said.explanation


def test_a_trigger_that_a_therapy_has_answered_answers_for_the_next_one_too() -> None:
    patient = clocked(f"{POLY}; 110 systemic y1; 200 systemic y2")
    assert found(patient, STARTED, DEVIATION) == [f"{STARTED} @110 y1", f"{STARTED} @200 y2"]


def test_a_deviation_goes_with_a_late_review_and_comes_back_without_it() -> None:
    patient = clocked("0 enrolled; 100 systemic y")
    (late,) = facts_of("90 review v")
    assert found(patient, DEVIATION) == [f"{DEVIATION} @100 y"]
    assert patient.tell(late) == [f"withdrawn {DEVIATION}"]
    assert patient.tell(late.gone(2)) == [f"raised {DEVIATION}"]


def test_a_first_local_therapy_that_comes_late_makes_earlier_ones_history() -> None:
    patient = clocked("0 enrolled; 100 systemic y")
    (late,) = facts_of("101 surgery t")
    assert patient.tell(late) == [f"withdrawn {STARTED}", f"withdrawn {DEVIATION}"]


def test_a_corrected_day_of_death_amends_it() -> None:
    patient = clocked("0 enrolled; 200 died")
    (other,) = facts_of("201 died")
    assert patient.tell(other.but(version=2)) == ["amended DEATH"]
    assert found(patient, "DEATH") == ["DEATH @201 death"]
    assert patient.tell(other.gone(3)) == ["withdrawn DEATH"]
