"""RETRACTION_AFTER_ACTION: what was withdrawn after people had acted on it (rules 4.2, 4.4)."""

from collections.abc import Sequence

import pytest

from tests.clinical.clock_table import clocked, facts_of, found
from tests.clinical.facts import FIRST_DAY, Given, enrolled, number_of
from tests.clinical.patient import Patient

RETRACTION = "RETRACTION_AFTER_ACTION"
# A PD of day 100 beyond the limits, which asks for a review and for a transition.
START = "0 enrolled; 0 surgery t; 30 base b T1=50; 100 read r new:X active=6,0"
TOLD = ["RADIOGRAPHIC_PD", "POLYPROGRESSION", "MDT_REVIEW_REQUESTED",
        "SYSTEMIC_THERAPY_TRANSITION_TRIGGER"]  # fmt: skip


def one(story: str) -> Given:
    (given,) = facts_of(story)
    return given


SMALLER = one("100 read r T1=50").but(version=2)  # the reader was wrong: no PD


def retracted(told: Sequence[str]) -> list[str]:
    return [row for row in told if row.endswith(RETRACTION)]


def names(patient: Patient) -> list[str]:
    withdrawn: list[str] = patient.last(RETRACTION).said.details["withdrawn"]
    return withdrawn


ACTIONS = {  # what is on record when the read is corrected, and whether that is told loudly
    "nothing": ("", False),
    "systemic therapy": ("120 systemic a", True),
    "systemic therapy on the day": ("100 systemic a", True),
    "systemic therapy before it": ("99 systemic a", False),
    "a review": ("120 review a", True),
    "a review on the day": ("100 review a", True),
    "a review before it": ("99 review a", False),
    "a new round": ("120 ablation a round=2", True),
    "a new round on the day": ("100 ablation a round=2", True),
    "more of the same round": ("120 ablation a", False),
    "a round begun before": ("90 surgery t2 round=2; 120 ablation a round=2", False),
    "a preliminary review": ("120 review a status=preliminary", False),
    "a preliminary round": ("120 ablation a round=2 status=preliminary", False),
    "a contact": ("120 contact a", False),
}


@pytest.mark.parametrize("name", ACTIONS)
def test_what_counts_as_acting(name: str) -> None:
    actions, loud = ACTIONS[name]
    patient = clocked(f"{START}; {actions}")
    told = patient.tell(SMALLER)
    assert "withdrawn RADIOGRAPHIC_PD" in told
    assert retracted(told) == [f"raised {RETRACTION}"] * loud
    if loud:
        assert found(patient, RETRACTION) == [f"{RETRACTION} @{patient.today} a r"]
        assert patient.last(RETRACTION).said.severity == "critical"
        assert names(patient) == TOLD


def test_the_notice_names_the_action_and_what_went_and_the_day_of_detection() -> None:
    patient = clocked(f"{START}; 120 review v")
    patient.today = 400
    patient.tell(SMALLER)
    said = patient.last(RETRACTION).said
    assert (said.effective_on - FIRST_DAY).days == 400
    assert [(item.record_id, item.record_version, item.role) for item in said.evidence] == [
        ("v", 1, "identifying"), ("r", 1, "identifying"),
    ]  # fmt: skip
    for words in ("2025-05-01", "2025-04-11", "a review was held", "polyprogression"):
        assert words in said.explanation


def test_each_action_and_each_evidence_is_told_for_itself() -> None:
    patient = clocked(f"{START}; 120 review v; 130 systemic y; 100 ctdna s1 detected; "
                      "114 ctdna s2 detected; 50 read q T1=50")  # fmt: skip
    patient.tell(SMALLER)
    assert found(patient, RETRACTION) != []
    assert {row.split(" ", 2)[2] for row in found(patient, RETRACTION)} == {"v r", "y r"}
    # Now T5 asks for the review; it goes with the second sample.
    assert (
        retracted(patient.tell(one("114 ctdna s2 detected").gone(2)))
        == [f"raised {RETRACTION}"] * 2
    )
    assert {row.split(" ", 2)[2] for row in found(patient, RETRACTION)} == {
        *("v r", "y r", "v s1 s2", "y s1 s2")
    }
    assert names(patient) == ["MDT_REVIEW_REQUESTED"]


def test_what_another_took_the_place_of_makes_none() -> None:
    """An earlier read shows the PD: the first PD of the episode has other evidence."""
    patient = clocked(f"{START}; 120 review v")
    told = patient.tell(one("80 read q new:X active=6,0"))
    assert {"withdrawn RADIOGRAPHIC_PD", "raised RADIOGRAPHIC_PD"} <= set(told)
    assert retracted(told) == []
    # The first PD goes, and that of day 100 is back in its place: still none.
    assert retracted(patient.tell(one("80 read q new:X active=6,0").gone(2))) == []
    assert retracted(patient.tell(SMALLER)) == [f"raised {RETRACTION}"]
    assert [row.split(" ", 2)[2] for row in found(patient, RETRACTION)] == ["v r"]


def test_one_that_stood_before_takes_no_place() -> None:
    """The PD asks for a review of its own; that of the molecular relapse goes all the same."""
    patient = clocked(f"{START}; 50 ctdna s1 detected; 70 ctdna s2 detected; 120 systemic y")
    assert retracted(patient.tell(one("70 ctdna s2 detected").gone(2))) == [f"raised {RETRACTION}"]
    assert found(patient, RETRACTION) == [f"{RETRACTION} @{patient.today} y s1 s2"]
    assert names(patient) == ["MDT_REVIEW_REQUESTED"]


def test_one_that_came_in_another_episode_takes_no_place() -> None:
    """The statement was of a later day: it speaks of the PD of the second round."""
    first = "0 enrolled; 0 surgery t; 30 base b T1=50; 100 read r T1=50 new:X; 101 stated s yes"
    second = "120 surgery a round=2; 150 base b2 T1=20; 250 read r2 T1=20 new:Y"
    patient = clocked(f"{first}; {second}")
    told = patient.tell(one("260 stated s yes").but(version=2))
    assert {"withdrawn OLIGOPROGRESSION", "raised OLIGOPROGRESSION"} <= set(told)
    assert found(patient, RETRACTION) == [f"{RETRACTION} @{patient.today} a r"]
    assert names(patient) == ["OLIGOPROGRESSION"]


def test_one_that_stands_in_another_episode_takes_no_place() -> None:
    patient = clocked(f"{START}; 120 surgery a round=2; 150 base b2 T1=20; "
                      "250 read r2 T1=30 active=6,0")  # fmt: skip
    told = patient.tell(SMALLER)
    assert retracted(told) == [f"raised {RETRACTION}"]
    assert names(patient) == TOLD


def test_another_class_is_another_name() -> None:
    """Six lesions were one: what was beyond the limits is within, and the PD stands."""
    patient = clocked(f"{START}; 120 review v; 101 stated s yes")
    told = patient.tell(one("100 read r new:X active=1,0").but(version=2))
    assert retracted(told) == [f"raised {RETRACTION}"]
    assert names(patient) == ["POLYPROGRESSION", "SYSTEMIC_THERAPY_TRANSITION_TRIGGER"]


def test_a_further_name_that_goes_later_is_added_and_the_date_stays() -> None:
    patient = clocked(f"{START}; 120 review v; 101 stated s yes")
    patient.today = 400
    patient.tell(one("100 read r new:X active=1,0").but(version=2))
    patient.today = 500
    assert retracted(patient.tell(SMALLER.but(version=3))) == [f"amended {RETRACTION}"]
    assert found(patient, RETRACTION) == [f"{RETRACTION} @400 v r"]
    assert names(patient) == [*TOLD[:1], "OLIGOPROGRESSION", *TOLD[1:]]


def test_it_is_never_withdrawn() -> None:
    patient = clocked(f"{START}; 120 review v")
    patient.tell(SMALLER)
    assert retracted(patient.tell(one("100 read r new:X active=6,0").but(version=3))) == []
    assert retracted(patient.tell(one("120 review v").gone(2))) == []
    assert found(patient, RETRACTION) == [f"{RETRACTION} @{patient.today} v r"]
    assert found(patient, "RADIOGRAPHIC_PD") == ["RADIOGRAPHIC_PD @100 r"]
    # Withdrawn once more with the same evidence and names: nothing new to tell.
    patient.tell(one("120 review v").but(version=3))
    assert retracted(patient.tell(SMALLER.but(version=4))) == []


LATE = {  # an action that is recorded after the withdrawal, which was detected on day 200
    "between": ("120 review v", True),
    "on the finding's day": ("100 review v", True),
    "before it": ("99 review v", False),
    "on the day of the withdrawal": ("200 systemic v", True),
    "after it": ("201 systemic v", False),
}


@pytest.mark.parametrize("name", LATE)
def test_an_action_that_is_recorded_late(name: str) -> None:
    action, loud = LATE[name]
    patient = clocked(START)
    patient.today = 200
    assert retracted(patient.tell(SMALLER)) == []
    patient.today = 300
    assert retracted(patient.tell(one(action))) == [f"raised {RETRACTION}"] * loud
    assert found(patient, RETRACTION) == [f"{RETRACTION} @300 v r"] * loud


def test_a_late_action_says_nothing_of_what_had_been_replaced() -> None:
    patient = clocked(START)
    patient.today = 200
    patient.tell(one("80 read q new:X active=6,0"))
    patient.tell(one("80 read q new:X active=6,0").gone(2))
    assert retracted(patient.tell(one("120 review v"))) == []


def test_what_was_never_told_makes_none() -> None:
    held = START.replace("0 enrolled; ", "")
    patient = clocked(f"{held}; 120 review v")
    patient.tell_all([SMALLER, enrolled()])
    assert found(patient, RETRACTION) == []


def test_other_findings_make_none() -> None:
    patient = clocked("0 enrolled; 0 base b T1=50; 100 ctdna s1 detected; 120 review v")
    told = patient.tell(one("100 ctdna s1 detected").gone(2))
    assert "withdrawn MOLECULAR_RELAPSE_SUSPECTED" in told
    assert retracted(told) == []


def test_the_enrolment_that_goes_makes_none() -> None:
    patient = clocked(f"{START}; 120 review v")
    told = patient.tell(enrolled().gone(2))
    assert "withdrawn RADIOGRAPHIC_PD" in told
    assert retracted(told) == []
    patient.tell(SMALLER)
    assert retracted(patient.tell(enrolled().but(version=3))) == []
    assert found(patient, RETRACTION) == []


@pytest.mark.parametrize("again", ["", "PD again", "action gone"])
def test_without_an_enrolment_it_is_not_told_and_comes_back_with_one(again: str) -> None:
    patient = clocked(f"{START}; 120 review v")
    patient.tell(SMALLER)
    first = patient.last(RETRACTION).said
    if again == "PD again":
        patient.tell(one("100 read r new:X active=6,0").but(version=3))
    elif again == "action gone":
        patient.tell(one("120 review v").gone(2))
    assert retracted(patient.tell(enrolled().gone(2))) == [f"withdrawn {RETRACTION}"]
    held = [row for row in patient.timeline()["standing_findings"] if row["finding"] == RETRACTION]
    assert [row["held"] for row in held] == [True]
    patient.today = 500
    assert retracted(patient.tell(enrolled().but(version=3))) == [f"raised {RETRACTION}"]
    said = patient.last(RETRACTION).said
    assert (said.effective_on, said.details, said.explanation) == (
        first.effective_on, first.details, first.explanation,
    )  # fmt: skip
    assert [one.revision for one in patient.notices if one.said.finding == RETRACTION] == [1, 2, 3]
    assert number_of(said.effective_on.isoformat()) == 365
