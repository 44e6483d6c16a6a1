"""OVERDUE_ASSESSMENT and LOST_TO_FOLLOWUP on both sides of every day (rules 4.1 and 4.2)."""

import pytest

from tests.clinical.clock_table import clocked, overdue
from tests.clinical.facts import closed, enrolled, on, read, systemic, therapy
from tests.clinical.patient import Patient

BASE = "0 enrolled; 10 surgery t until=12; 50 base b no-targets"
BOTH = "0 enrolled; 10 surgery t until=12; 40 ctdna s1 not_detected; 50 base b no-targets"


def test_nothing_is_overdue_without_a_clock_or_while_the_window_is_open() -> None:
    assert overdue(clocked(f"{BASE}; 900 contact c"), "imaging") == []
    assert overdue(clocked(f"{BASE}; 148 closed"), "imaging") == []
    assert overdue(clocked(f"{BASE}; 149 closed"), "imaging") == ["134 @148 low b"]


def test_from_the_second_missed_visit_of_its_kind_in_a_row_it_is_medium() -> None:
    three = ["134 @148 low b", "218 @232 medium b", "302 @316 medium b"]
    assert overdue(clocked(f"{BASE}; 317 closed"), "imaging") == three
    done_between = f"{BASE}; 218 read r no-targets; 317 closed"
    assert overdue(clocked(done_between), "imaging") == ["134 @148 low b", "302 @316 low b"]
    late_first = f"{BASE}; 160 read r no-targets; 233 closed"
    late = ["134 @148 low b late @160 r", "218 @232 medium b"]
    assert overdue(clocked(late_first), "imaging") == late


def test_the_landmark_is_the_first_of_its_kind_and_counted_from_the_therapy() -> None:
    assert overdue(clocked(f"{BASE}; 68 closed"), "ctdna") == []
    landmark = "40 @68 low t"
    assert overdue(clocked(f"{BASE}; 69 closed"), "ctdna") == [landmark]
    assert overdue(clocked(f"{BASE}; 149 closed"), "ctdna") == [landmark, "134 @148 medium b"]
    assert overdue(clocked(f"{BOTH}; 149 closed"), "ctdna") == ["134 @148 low b"]


def test_kinds_have_rows_of_their_own() -> None:
    patient = clocked(f"{BOTH}; 149 closed")
    assert overdue(patient, "imaging") == overdue(patient, "ctdna") == ["134 @148 low b"]


@pytest.mark.parametrize(
    ("story", "anchor"),
    [
        ("0 enrolled; 98 closed", []),
        ("0 enrolled; 99 closed", ["84 @98 low enrol"]),
        ("0 enrolled; 10 surgery t until=12; 111 closed", ["96 @110 low t"]),
        ("0 enrolled; 8 ablation a until=12; 10 surgery t until=12; 111 closed", ["96 @110 low t"]),
        ("0 enrolled; 8 ablation a until=13; 10 surgery t until=12; 112 closed", ["97 @111 low a"]),
        ("0 enrolled; 5 base b no-targets; 104 closed", ["89 @103 low b"]),
    ],
)
def test_evidence_is_the_record_that_the_visit_is_counted_from(
    story: str, anchor: list[str]
) -> None:
    assert overdue(clocked(story), "imaging") == anchor


def test_of_enrolments_on_one_day_the_first_in_order_is_the_evidence() -> None:
    patient = Patient().tell_all([enrolled(0, "e2"), enrolled(0, "e1"), closed(99)])
    assert overdue(patient, "imaging") == ["84 @98 low e1"]


def test_a_later_round_has_its_own_rows_and_the_history_stays() -> None:
    story = f"{BASE}; 160 surgery u until=161 round=2; 260 closed"
    assert overdue(clocked(story), "imaging") == ["134 @148 low b", "245 @259 low u"]


def test_of_rounds_that_overlap_each_counts_from_its_own_therapy() -> None:
    same_end = [therapy(12, "ablation", "a", ended=15, round_=2),
                therapy(14, "surgery", "z", ended=15, round_=1)]  # fmt: skip
    first = therapy(10, "surgery", "t", ended=11, round_=1)
    patient = Patient().tell_all([enrolled(0), first, *same_end, closed(114)])
    assert overdue(patient, "imaging") == ["99 @113 low a"]


@pytest.mark.parametrize(
    ("day", "found"),
    [
        (148, []),
        (149, ["134 @148 low b late @149 r"]),
        (203, ["134 @148 low b late @203 r"]),
        (204, ["134 @148 low b"]),
    ],
)
def test_a_read_in_the_window_withdraws_and_a_late_one_resolves(day: int, found: list[str]) -> None:
    patient = clocked(f"{BOTH}; 134 ctdna s2 not_detected; 149 closed")
    told = patient.tell(read(day, "r", targets=[]))
    assert overdue(patient, "imaging") == found
    actions = {0: ["withdrawn OVERDUE_ASSESSMENT"], 1: ["amended OVERDUE_ASSESSMENT"]}
    late = bool(found) and "late" in found[0]
    assert told == ([] if day == 204 else actions[int(late)])
    assert patient.last("OVERDUE_ASSESSMENT").said.details["resolved_late"] is late


def test_the_first_of_several_late_records_resolves() -> None:
    late = f"{BASE}; 170 read r2 no-targets; 160 read r1 no-targets; 149 closed"
    assert overdue(clocked(late), "imaging") == ["134 @148 low b late @160 r1"]


@pytest.mark.parametrize("end", ["died", "withdrew follow_up", "withdrew consent"])
def test_windows_that_close_on_or_after_the_end_are_not_overdue(end: str) -> None:
    assert overdue(clocked(f"{BASE}; 148 {end}; 300 closed"), "imaging") == []
    assert overdue(clocked(f"{BASE}; 149 {end}; 300 closed"), "imaging") == ["134 @148 low b"]


def test_overdue_is_held_until_enrolment() -> None:
    patient = clocked("10 surgery t until=12; 111 closed")
    assert overdue(patient, "imaging") == ["96 @110 low t"]
    assert patient.notices == []
    assert patient.tell(enrolled(0)) == ["raised OVERDUE_ASSESSMENT"] * 3


@pytest.mark.parametrize(
    ("record", "limit"),
    [("ctdna s detected status=preliminary", 121), ("read r status=registered no-targets", 114)],
)
def test_a_result_is_overdue_after_its_turnaround(record: str, limit: int) -> None:
    evidence = record.split()[1]
    story = f"0 enrolled; 100 {record}"
    assert overdue(clocked(story), "result") == []
    assert overdue(clocked(f"{story}; {limit} closed"), "result") == []
    found = [f"{limit} @{limit} low {evidence}"]
    assert overdue(clocked(f"{story}; {limit + 1} closed"), "result") == found
    assert overdue(clocked(f"{story}; 101 died; {limit + 1} closed"), "result") == found
    final = record.split(" status", maxsplit=1)[0]
    assert overdue(clocked(f"0 enrolled; 100 {final}; {limit + 1} closed"), "result") == []


def lost(story: str) -> list[str]:
    return lost_in(clocked(story))


def lost_in(patient: Patient) -> list[str]:
    found = patient.standing()
    return [row.removeprefix("LOST_TO_FOLLOWUP ") for row in found if row.startswith("LOST")]


SILENT = f"{BASE}; 60 contact c"  # imaging windows close on days 148, 232 and 316


@pytest.mark.parametrize(
    ("story", "found"),
    [
        ("", []),
        ("240 closed", []),
        ("241 closed", ["@60 c"]),
        ("241 closed; 240 contact d", []),
        ("241 closed; 60 contact d", ["@60 d"]),
        ("241 closed; 60 ctdna d detected status=preliminary", ["@60 d"]),
        ("241 closed; 58 read a images=CT@0,MRI@2", ["@60 c"]),
        ("241 closed; 60 contact d status=registered", ["@60 d"]),
        ("230 closed; 241 died", []),
        ("241 closed; 50 withdrew follow_up", []),
        ("241 closed; 50 withdrew treatment", ["@60 c"]),
        ("300 closed; 120 read r no-targets", []),
        ("316 closed; 120 read r no-targets", []),
        ("317 closed; 120 read r no-targets", ["@120 r"]),
        ("330 closed; 149 read r no-targets", ["@149 r"]),
        ("329 closed; 149 read r no-targets", []),
        ("500 closed; 61 surgery u until=open round=2", []),
        ("342 closed; 160 surgery u until=160 round=2", []),
        ("343 closed; 160 surgery u until=160 round=2", ["@160 u"]),
    ],
)
def test_lost_after_two_missed_imaging_visits_and_180_days_without_contact(
    story: str, found: list[str]
) -> None:
    assert lost(f"{SILENT}; {story}") == found


@pytest.mark.parametrize(("ended", "found"), [(60, "@60 c"), (61, "@61 d")])
def test_a_therapy_is_a_contact_of_its_last_day_in_its_own_place(ended: int, found: str) -> None:
    patient = clocked(SILENT).tell_all([systemic(40, "d", ended_on=on(ended))])
    patient.tell(closed(ended + 180))
    assert lost_in(patient) == []
    patient.tell(closed(ended + 181))
    assert lost_in(patient) == [found]


def test_lost_needs_the_second_window_closed() -> None:
    rules = {"followup.no_contact": 100}
    for day, stands in ((232, False), (233, True)):
        patient = clocked(f"{BASE}; {day} closed", rules)
        assert ("LOST_TO_FOLLOWUP @50 b" in patient.standing()) is stands


def test_lost_is_high_and_is_withdrawn_by_a_contact() -> None:
    patient = clocked(f"{SILENT}; 241 closed")
    assert patient.last("LOST_TO_FOLLOWUP").said.severity == "high"
    assert patient.tell(read(241, "r", targets=[])) == [
        "withdrawn LOST_TO_FOLLOWUP",
        "amended OVERDUE_ASSESSMENT",
    ]
