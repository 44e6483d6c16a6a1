"""Imaging that is asked for again while a confirmed relapse goes on (rules 4.2)."""

import pytest

from monitor.clinical.expedite import expedite_due_days
from tests.clinical.clock_table import clocked, course, facts_of, found
from tests.clinical.facts import FIRST_DAY, closed
from tests.clinical.patient import Patient

EXPEDITE = "IMAGING_EXPEDITE_REQUESTED"
# Confirmed by the sample of day 114 with clear imaging of day 100: due on 198, 282, 366, ...
START = "0 enrolled; 0 base b T1=50; 100 read r T1=50; 100 ctdna s1 detected; 114 ctdna s2 detected"


def again(patient: Patient) -> list[str]:
    """The repeated requests, without their names and evidence, which are the same for all."""
    rows = found(patient, EXPEDITE)
    assert all(row.startswith(EXPEDITE) and " s1 s2" in row for row in rows)
    return [row.removeprefix(f"{EXPEDITE} ").replace(" s1 s2", "") for row in rows]


CLOCKS = {  # the closed day, and the requests that there are on it
    "none": ("", []),
    "the day before": ("197 closed", []),
    "the day": ("198 closed", ["@198"]),
    "before the second": ("281 closed", ["@198"]),
    "the second": ("282 closed", ["@198", "@282"]),
    "the latest day counts": ("282 closed; 197 closed", ["@198", "@282"]),
}


@pytest.mark.parametrize("name", CLOCKS)
def test_a_request_comes_when_the_clock_has_reached_it(name: str) -> None:
    days, expected = CLOCKS[name]
    assert again(clocked(f"{START}; {days}")) == expected


CONDITIONS = {  # what happens, by day 198, and the requests that there are on day 198
    "a negative the day before": ("197 ctdna n not_detected", []),
    "a negative on the day": ("198 ctdna n not_detected", ["@198"]),
    "a therapy the day before": ("197 ablation t until=open", []),
    "a therapy on the day": ("198 ablation t until=open", ["@198"]),
    "another positive": ("150 ctdna s3 detected", ["@198"]),
    "a negative of another assay": ("150 ctdna n not_detected code=B", ["@198"]),
    "PD on the day": ("198 read q T1=60", []),
    "PD the day after": ("199 read q T1=60", ["@198 answered @199 q"]),
    "PD on the confirming day": ("114 read q T1=60; 150 read w T1=50", []),
    "a biopsy alone on the day": ("198 biopsy x malignant site=S", []),
    "a biopsy alone the day after": ("199 biopsy x malignant site=S", ["@198"]),
    "PD before the confirming day": ("113 read q T1=60; 150 read w T1=50", ["@198"]),
    "PD before, and none clear since": ("113 read q T1=60", []),
    "clear 28 days before": ("170 read q T1=50", []),
    "clear 29 days before": ("169 read q T1=50", ["@198"]),
    "clear on the day": ("198 read q T1=50", []),
    "clear the day after": ("199 read q T1=50", ["@198 answered @199 q"]),
    "NE lately": ("190 read q T1=ne", ["@198"]),
    "died on the day": ("198 died", []),
    "died the day after": ("199 died", ["@198"]),
    "withdrew from follow-up on the day": ("198 withdrew follow_up", []),
    "withdrew from follow-up the day after": ("199 withdrew follow_up", ["@198"]),
    "took consent back on the day": ("198 withdrew consent", []),
    "withdrew from treatment": ("150 withdrew treatment", ["@198"]),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_what_ends_the_repeats(name: str) -> None:
    happens, expected = CONDITIONS[name]
    after_therapy = name.startswith(("a therapy", "a biopsy"))
    treated = "-60 surgery t0 sites=S round=9; " if after_therapy else ""
    assert again(clocked(f"{treated}{START}; {happens}; 198 closed")) == expected


def test_no_read_no_repeats() -> None:
    story = "0 enrolled; 100 ctdna s1 detected; 114 ctdna s2 detected; 282 closed"
    assert found(clocked(story), EXPEDITE) == [f"{EXPEDITE} @100 s1", f"{EXPEDITE} @114 s1 s2"]


def test_each_request_is_a_finding_of_its_own_and_is_answered_by_the_first_read() -> None:
    patient = clocked(f"{START}; 282 closed; 250 read q T1=50")
    assert again(patient) == ["@198 answered @250 q", "@282"]
    rows = patient.timeline()["standing_findings"]
    assert len({row["finding_id"] for row in rows if row["finding"] == EXPEDITE}) == 2
    assert {patient.last(EXPEDITE).said.severity} == {"medium"}


def test_late_records_take_requests_away() -> None:
    patient = clocked(f"{START}; 282 closed")
    (late,) = facts_of("197 ctdna n not_detected")
    assert patient.tell(late).count(f"withdrawn {EXPEDITE}") == 2


def test_the_interval_is_a_parameter() -> None:
    assert again(clocked(f"{START}; 198 closed", {"expedite.repeat_days": 40})) == ["@154", "@194"]


@pytest.mark.parametrize(("day", "due"), [(114, 198), (197, 198), (198, 282), (282, 366)])
def test_the_next_day_that_can_ask_is_known(day: int, due: int) -> None:
    patient = clocked(START)
    patient.tell(closed(day))
    assert [(one - FIRST_DAY).days for one in expedite_due_days(course(patient))] == [due]


@pytest.mark.parametrize("end", ["150 ctdna n not_detected", "150 read q T1=60", "150 died"])
def test_after_the_end_no_day_can_ask(end: str) -> None:
    assert list(expedite_due_days(course(clocked(f"{START}; {end}")))) == []
