"""After consent is taken back, records of later days are as if they were not there (contract 2)."""

import pytest

from tests.clinical.clock_table import clocked, facts_of, found
from tests.clinical.facts import Given, number_of
from tests.clinical.patient import Patient

BACK = "100 withdrew consent"
START = "0 enrolled; 0 base b T1=50"


def one(story: str) -> Given:
    (given,) = facts_of(story)
    return given


RECORDS = {  # a record, the finding it makes, and the finding's day when it comes on day 100 or 101
    "read": ("read r T1=60", "RADIOGRAPHIC_PD"),
    "sample": ("ctdna s detected", "MOLECULAR_RELAPSE_SUSPECTED"),
    "systemic therapy": ("systemic y", "SYSTEMIC_THERAPY_STARTED"),
    "local therapy": ("surgery t bed=1", "PROTOCOL_DEVIATION"),
    "death": ("died", "DEATH"),
}


@pytest.mark.parametrize("name", RECORDS)
def test_records_of_the_day_count_and_of_later_days_do_not(name: str) -> None:
    record, finding = RECORDS[name]
    assert found(clocked(f"{START}; {BACK}; 100 {record}"), finding) != []
    assert found(clocked(f"{START}; {BACK}; 101 {record}"), finding) == []
    assert found(clocked(f"{START}; 101 {record}"), finding) != []


@pytest.mark.parametrize("scope", ["treatment", "follow_up", "consent status=preliminary"])
def test_other_withdrawals_hide_nothing(scope: str) -> None:
    patient = clocked(f"{START}; 100 withdrew {scope}; 120 read r T1=60")
    assert found(patient, "RADIOGRAPHIC_PD") == ["RADIOGRAPHIC_PD @120 r"]


def shown(patient: Patient) -> list[str]:
    document = patient.timeline()
    return [row["record_id"] for row in document["imaging"] + document["ctdna"]]


def test_the_timeline_shows_none_of_them() -> None:
    patient = clocked(f"{START}; {BACK}; 100 ctdna s1 detected; 101 ctdna s2 detected; "
                      "101 read r T1=50; 130 died; 90 read q T1=50")  # fmt: skip
    assert shown(patient) == ["b", "q", "s1"]
    overall_survival = patient.timeline()["endpoints"]["OS"]["ITT_LIKE"]
    assert (overall_survival["event"], number_of(overall_survival["on"])) == (False, 100)


def test_a_late_withdrawal_takes_back_what_was_told_and_goes_with_its_own_correction() -> None:
    patient = clocked(f"{START}; 120 read r T1=60")
    told = patient.tell(one(BACK))
    assert "withdrawn RADIOGRAPHIC_PD" in told
    assert shown(patient) == ["b"]
    assert "raised RADIOGRAPHIC_PD" in patient.tell(one(BACK).gone(2))
    assert shown(patient) == ["b", "r"]


def test_of_two_the_earlier_counts() -> None:
    patient = clocked(f"{START}; {BACK}; 95 read r T1=60")
    assert found(patient, "RADIOGRAPHIC_PD") == ["RADIOGRAPHIC_PD @95 r"]
    assert "withdrawn RADIOGRAPHIC_PD" in patient.tell(
        one("94 withdrew consent").but(record_id="w2")
    )


def test_an_enrolment_of_a_later_day_is_not_there_either() -> None:
    patient = clocked("0 base b T1=50; 90 read r T1=60; 101 enrolled")
    assert found(patient, "RADIOGRAPHIC_PD") == ["RADIOGRAPHIC_PD @90 r"]
    assert "withdrawn RADIOGRAPHIC_PD" in patient.tell(one(BACK))
    document = patient.timeline()
    assert document["enrolled"] is False
    assert {row["held"] for row in document["standing_findings"]} == {True}
    assert "raised RADIOGRAPHIC_PD" in patient.tell(one("100 enrolled").but(version=2))


def test_what_people_did_after_it_is_no_action_of_theirs() -> None:
    patient = clocked(f"{START}; 90 read r T1=60 active=6,0; 120 review v")
    patient.tell(one(BACK))
    assert "raised RETRACTION_AFTER_ACTION" not in patient.tell(one("90 read r T1=60").gone(2))
