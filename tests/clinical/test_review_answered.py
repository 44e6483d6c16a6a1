"""What answers a review request and a transition trigger, and what never makes one (rules 4.2)."""

import pytest

from tests.clinical.clock_table import clocked, facts_of
from tests.clinical.facts import Given, number_of, on, reviewed, systemic
from tests.clinical.patient import Patient

REVIEW, TRANSITION = "MDT_REVIEW_REQUESTED", "SYSTEMIC_THERAPY_TRANSITION_TRIGGER"
POLY = "0 enrolled; 0 surgery t; 30 base b no-targets; 100 read r no-targets new:X active=6,0"
PD = "0 enrolled; 0 surgery t; 30 base b no-targets; 100 read r no-targets new:X"
OLIGO = f"{PD}; 101 stated s yes"
JOINT = f"{OLIGO}; 60 ctdna s1 detected; 130 ctdna s2 detected"  # a review of 100, a trigger of 130


def answers(patient: Patient, finding: str) -> list[str]:
    """`open`, or `day record` of each finding of a name."""
    return [
        "open"
        if row["open"]
        else f"{number_of(row['details']['resolved_on'])} {row['details']['resolved_by']}"
        for row in patient.timeline()["standing_findings"]
        if row["finding"] == finding
    ]


ANSWERS = {  # story, finding, what answers it
    "the day before": (f"{POLY}; 99 review v", REVIEW, "open"),
    "on the day": (f"{POLY}; 100 review v", REVIEW, "100 v"),
    "the first of several": (f"{POLY}; 130 review w; 120 review v; 90 review u", REVIEW, "120 v"),
    "on one day the first in order": (f"{POLY}; 120 review w; 120 review v", REVIEW, "120 v"),
    "preliminary": (f"{POLY}; 110 review w status=preliminary; 120 review v", REVIEW, "120 v"),
    "a therapy is no review": (f"{POLY}; 110 systemic y", REVIEW, "open"),
    "therapy the day before": (f"{POLY}; 99 systemic y", TRANSITION, "open"),
    "therapy on the day": (f"{POLY}; 100 systemic y", TRANSITION, "100 y"),
    "a preliminary therapy": (f"{POLY}; 110 systemic y status=preliminary", TRANSITION, "open"),
    "a review is no therapy": (f"{POLY}; 110 review v", TRANSITION, "open"),
    "a review before the second cause": (f"{JOINT}; 100 review v", REVIEW, "100 v"),
    "therapy before the trigger": (f"{JOINT}; 129 systemic y", TRANSITION, "open"),
    "therapy on the trigger's day": (f"{JOINT}; 130 systemic y", TRANSITION, "130 y"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_answers(name: str) -> None:
    story, finding, expected = ANSWERS[name]
    assert answers(clocked(story), finding)[0] == expected


@pytest.mark.parametrize(
    ("answer", "finding"),
    [(reviewed(120, record_id="v"), REVIEW), (systemic(120, "v"), TRANSITION)],
)
def test_an_answer_amends_and_taking_it_back_amends_again(answer: Given, finding: str) -> None:
    patient = clocked(POLY)
    assert f"amended {finding}" in patient.tell(answer)
    said = patient.last(finding).said
    assert said.details["resolved_on"] == on(120)
    assert said.details["resolved_by"] == "v"
    assert f"amended {finding}" in patient.tell(answer.gone(2))
    assert "resolved_on" not in patient.last(finding).said.details


def test_a_cause_that_came_later_amends_what_was_asked() -> None:
    patient = clocked(OLIGO)
    patient.tell_all(facts_of("60 ctdna s1 detected"))
    told = patient.tell(*facts_of("130 ctdna s2 detected"))
    assert f"amended {REVIEW}" in told
    assert f"raised {TRANSITION}" in told


def test_a_statement_moves_the_cause_and_keeps_the_finding() -> None:
    patient = clocked(PD)
    assert patient.last(REVIEW).said.details == {"causes": ["T8"]}
    told = patient.tell(*facts_of("101 stated s no"))
    assert told == [f"amended {REVIEW}", f"raised {TRANSITION}"]
    assert patient.last(REVIEW).said.details == {"causes": ["T2"]}
    told = patient.tell(*facts_of("102 stated u yes"))
    assert told == [f"withdrawn {TRANSITION}", f"amended {REVIEW}", "raised OLIGOPROGRESSION"]


NEVER = {  # T9 and T10: what never makes a transition trigger
    "imaging positive, ctDNA negative": (f"{OLIGO}; 95 ctdna n not_detected", ["T3"]),
    "a single positive": ("0 enrolled; 0 base b no-targets; 100 ctdna s detected value=9", []),
    "a rise inside a blackout": (
        "0 enrolled; 0 surgery t; 1 ctdna s1 detected value=1; 27 ctdna s3 detected value=30",
        [],
    ),
    "CEA alone": ("0 enrolled; 0 base b no-targets; 100 cea m1 40; 120 cea m2 400", []),
}


@pytest.mark.parametrize("name", NEVER)
def test_what_never_asks_for_systemic_therapy(name: str) -> None:
    story, causes = NEVER[name]
    rows = {row["finding"]: row for row in clocked(story).timeline()["standing_findings"]}
    assert TRANSITION not in rows
    assert rows.get(REVIEW, {"details": {"causes": []}})["details"]["causes"] == causes


def test_discordance_takes_nothing_from_a_recommendation() -> None:
    patient = clocked(f"{POLY}; 95 ctdna n not_detected")
    assert patient.last(TRANSITION).said.details == {"causes": ["T1"], "level": "RECOMMENDED"}
    assert patient.last("DISCORDANCE_IMAGING_POS_CTDNA_NEG").said.severity == "info"
