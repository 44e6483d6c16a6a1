"""Which visits are scheduled, from when to when they are open, and their states (rules 4.1)."""

import pytest

from tests.clinical.clock_table import clocked, states, visits
from tests.clinical.facts import enrolled, sample

BASE = "0 enrolled; 10 surgery t until=12; 50 base b no-targets"
USUAL = [f"{50 + 84 * k}..{64 + 84 * k} due" for k in range(1, 9)]
LATER = [f"{722 + 168 * k}..{743 + 168 * k} due" for k in range(1, 7)]
BASE_DUE = [*USUAL, *LATER]
CTDNA_DUE = ["40..68 due", *(f"{50 + 84 * k}..{64 + 84 * k} due" for k in range(1, 22))]


def test_visits_of_five_years_the_later_ones_at_the_later_interval() -> None:
    patient = clocked(BASE)
    assert visits(patient, "imaging") == BASE_DUE
    assert visits(patient, "ctdna") == CTDNA_DUE


def test_a_visit_on_the_last_day_of_follow_up_is_scheduled_and_one_after_it_is_not() -> None:
    for interval, number in ((1826, 1), (1827, 0)):  # five years from 1 January 2025
        rules = {"schedule.imaging_days_later": interval, "schedule.imaging_later_after_days": 0}
        assert len(visits(clocked("0 enrolled", rules), "imaging")) == number


def test_the_years_of_a_leap_day_end_on_the_28th() -> None:
    enrolled = "1154 enrolled"  # 29 February 2028
    for interval, number in ((1826, 1), (1827, 0)):  # to 28 February 2033
        rules = {"schedule.imaging_days_later": interval, "schedule.imaging_later_after_days": 0}
        assert len(visits(clocked(enrolled, rules), "imaging")) == number


@pytest.mark.parametrize(("after", "second"), [(167, "252..273 due"), (168, "168..182 due")])
def test_the_later_interval_holds_for_visits_due_after_its_day(after: int, second: str) -> None:
    patient = clocked("0 enrolled", {"schedule.imaging_later_after_days": after})
    assert visits(patient, "imaging")[:2] == ["84..98 due", second]


@pytest.mark.parametrize(
    ("story", "first"),
    [
        ("0 enrolled", "84"),
        ("0 enrolled; 10 surgery t until=12", "96"),
        ("0 enrolled; 10 surgery t until=12; 50 base b no-targets", "134"),
        ("0 enrolled; 10 surgery t until=12; 50 base b images=CT@3,MRI@-2", "132"),
        ("0 enrolled; 10 surgery t until=12; 12 base b no-targets", "96"),
        ("0 enrolled; 10 surgery t until=12; 50 base b reader=R2@central", "96"),
        ("0 enrolled; 10 surgery t until=12; 50 base b; 55 base c", "134"),
        ("0 enrolled; 10 surgery t until=12; 30 ablation u until=30", "114"),
        ("0 enrolled; 10 surgery t until=12; 30 ablation u until=open", None),
        ("-5 surgery t until=0; 60 enrolled", "84"),
        ("5 enrolled; 0 base b no-targets", "84"),
        ("", None),
    ],
)
def test_the_anchor(story: str, first: str | None) -> None:
    found = [visit.split(".")[0] for visit in visits(clocked(story), "imaging")]
    assert (found[0] if found else None) == first


def test_the_earliest_settled_enrolment_is_the_anchor() -> None:
    patient = clocked("9 enrolled")
    for day, status, first in ((3, "preliminary", "93"), (20, "final", "93"), (5, "final", "89")):
        patient.tell(enrolled(day, f"e{day}", status=status))
        assert visits(patient, "imaging")[0].split(".")[0] == first


def test_the_landmark_is_counted_from_the_last_day_of_the_last_therapy_of_the_episode() -> None:
    two = "0 enrolled; 10 surgery t until=12; 30 ablation u until=33; 80 base b no-targets"
    assert visits(clocked(two), "ctdna")[:2] == ["61..89 due", "164..178 due"]
    assert visits(clocked("0 enrolled"), "ctdna")[0] == "84..98 due"
    late = {"schedule.landmark_from_days": 90, "schedule.landmark_to_days": 91}
    in_order = ["96..110 due", "102..103 due", "180..194 due"]
    assert visits(clocked("0 enrolled; 10 surgery t until=12", late), "ctdna")[:3] == in_order


@pytest.mark.parametrize(("therapy_on", "last"), [(134, "50"), (135, "134..148 due")])
def test_the_next_local_therapy_ends_an_episode(therapy_on: int, last: str) -> None:
    again = f"; {therapy_on} ablation u until={therapy_on} round=2"
    found = visits(clocked(BASE + again), "imaging")
    own = [visit for visit in found if int(visit.split(".")[0]) < therapy_on]
    assert own == ([last] if ".." in last else [])
    following = therapy_on + 84
    assert found[len(own)] == f"{following}..{following + 14} due"


def test_before_the_first_local_therapy_visits_are_counted_from_enrolment() -> None:
    patient = clocked("0 enrolled; 100 surgery t until=101; 99 closed")
    assert visits(patient, "imaging")[:2] == ["84..98 missed", "185..199 due"]


@pytest.mark.parametrize("end", ["died", "withdrew follow_up", "withdrew consent"])
def test_death_and_withdrawal_end_the_schedule(end: str) -> None:
    assert visits(clocked(f"{BASE}; 134 {end}"), "imaging") == []
    assert visits(clocked(f"{BASE}; 135 {end}"), "imaging") == ["134..148 due"]
    assert visits(clocked(f"{BASE}; 135 {end} status=preliminary"), "imaging") == BASE_DUE


def test_withdrawal_from_treatment_ends_nothing() -> None:
    assert visits(clocked(f"{BASE}; 135 withdrew treatment"), "imaging") == BASE_DUE


@pytest.mark.parametrize(
    ("story", "state"),
    [
        ("149 closed", "missed"),
        ("148 closed", ""),
        ("119 read r no-targets; 300 contact c", ""),
        ("120 read r no-targets", "done"),
        ("148 read r no-targets", "done"),
        ("149 read r no-targets; 148 closed", ""),
        ("149 read r no-targets; 149 closed", "late"),
        ("203 read r no-targets; 203 closed", "late"),
        ("204 read r no-targets; 203 closed", "missed done"),
        ("119 read q; 203 read r no-targets; 203 closed", "late"),
        ("118 read r images=CT@0,MRI@5; 149 closed", "missed"),
        ("148 read r reader=R9@central; 149 closed", "done"),
        ("148 read r status=registered; 149 closed", "done"),
        ("148 read r T1=ne; 149 closed", "done"),
        ("148 ablation u until=148 round=2; 149 closed", ""),
        ("149 ablation u until=149 round=2; 149 closed", "missed"),
        ("148 died; 149 closed", ""),
        ("149 died; 149 closed", "missed"),
        ("149 withdrew follow_up; 300 closed", "missed"),
    ],
)
def test_the_states_of_an_imaging_visit(story: str, state: str) -> None:
    assert states(clocked(f"{BASE}; {story}"), "imaging") == state


@pytest.mark.parametrize(
    ("story", "state"),
    [
        ("69 closed", "missed"),
        ("68 closed", ""),
        ("39 ctdna s detected; 69 closed", "missed"),
        ("40 ctdna s detected; 69 closed", "done"),
        ("68 ctdna s not_detected; 69 closed", "done"),
        ("68 ctdna s cancelled; 69 closed", "missed"),
        ("68 ctdna s qc_failed; 69 closed", "done"),
        ("68 ctdna s detected status=preliminary; 69 closed", "done"),
        ("69 ctdna s detected; 69 closed", "late"),
        ("119 ctdna s detected; 119 closed", "late"),
        ("120 ctdna s detected; 119 closed", "missed done"),
        ("148 ctdna s detected; 149 closed", "missed done"),
        ("149 ctdna s detected; 149 closed", "missed late"),
    ],
)
def test_the_states_of_a_ctdna_visit(story: str, state: str) -> None:
    assert states(clocked(f"{BASE}; {story}"), "ctdna") == state


def test_a_registered_result_has_no_call_yet_and_keeps_the_visit() -> None:
    patient = clocked(BASE)
    patient.tell(sample(40, None, "s", status="registered"))
    assert states(patient, "ctdna") == "done"


def test_a_read_of_the_next_episode_is_late_for_the_last_visit_of_the_one_before() -> None:
    again = f"{BASE}; 160 ablation u until=160 round=2; 190 base c no-targets; 200 closed"
    assert visits(clocked(again), "imaging")[:2] == ["134..148 late", "274..288 due"]
