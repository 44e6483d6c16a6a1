"""Every eligibility criterion on both sides of its boundary, and what is told of it."""

import json

import pytest

from monitor.clinical.criteria import CRITERIA
from tests.clinical.eligibility_table import BOUNDARIES, PASSING
from tests.clinical.facts import assessed, enrolled, on
from tests.clinical.patient import Patient

ROWS = [
    tuple(cell.strip() for cell in f"{row}||".split("|")[:3])
    for row in BOUNDARIES.splitlines()
    if row.strip()
]
TOLD_AS = {"FAIL": "ELIGIBILITY_VIOLATION", "UNKNOWN": "ELIGIBILITY_INCOMPLETE"}


def changes(text: str) -> dict[str, object]:
    """Fields of `name=value` words; what is no JSON is a word."""
    fields: dict[str, object] = {}
    for word in text.split():
        name, _, value = word.partition("=")
        try:
            fields[name] = json.loads(value, parse_float=str)
        except json.JSONDecodeError:
            fields[name] = value
    return fields


def patient_with(**fields: object) -> Patient:
    return Patient().tell_all([enrolled(), assessed(3, "elig", **{**PASSING, **fields})])


def standing(patient: Patient) -> set[tuple[str, str]]:
    """Findings and their criteria."""
    rows = patient.timeline()["standing_findings"]
    return {(row["finding"], row["details"]["criterion"]) for row in rows}


@pytest.mark.parametrize(("differs", "not_passed", "conflicts"), ROWS, ids=[r[0] for r in ROWS])
def test_a_criterion_on_either_side_of_its_boundary(
    differs: str, not_passed: str, conflicts: str
) -> None:
    patient = patient_with(**changes(differs))
    found = patient.timeline()["eligibility"]
    expected = dict(word.split() for word in not_passed.split(",") if word)
    results = {row["id"]: row["result"] for row in found["criteria"]}
    assert results == {row.id: "PASS" for row in CRITERIA} | expected
    worst = [word for word in ("FAIL", "UNKNOWN") if word in expected.values()]
    assert found["overall"] == [*worst, "PASS"][0]
    told = {(TOLD_AS[word], name) for name, word in expected.items() if name not in conflicts}
    told |= {("ELIGIBILITY_CONFLICT", name) for name in conflicts.split()}
    assert standing(patient) == told


def test_the_criteria_are_those_of_the_protocol() -> None:
    ids = [f"I{number:02}" for number in range(1, 15)] + [
        f"E{number:02}" for number in range(1, 17)
    ]
    assert [row.id for row in CRITERIA] == ids


def test_nothing_is_judged_without_an_assessment() -> None:
    patient = Patient().tell_all([enrolled()])
    assert patient.timeline()["eligibility"] == {"overall": None, "criteria": []}
    assert patient.standing() == []
    patient.tell(assessed(3, status="preliminary", ecog=4))
    assert patient.timeline()["eligibility"] == {"overall": None, "criteria": []}


def test_an_assessment_that_says_nothing_passes_nothing() -> None:
    patient = Patient().tell_all([enrolled(), assessed(3)])
    found = patient.timeline()["eligibility"]
    assert found["overall"] == "UNKNOWN"
    assert {row["result"] for row in found["criteria"]} == {"UNKNOWN"}
    assert standing(patient) == {("ELIGIBILITY_INCOMPLETE", row.id) for row in CRITERIA}


def test_a_failure_goes_before_what_is_unknown() -> None:
    patient = patient_with(ecog=None, age_years=76)
    assert patient.timeline()["eligibility"]["overall"] == "FAIL"
    assert standing(patient) == {
        ("ELIGIBILITY_INCOMPLETE", "I08"),
        ("ELIGIBILITY_VIOLATION", "I14"),
    }


def test_the_latest_assessment_counts_in_any_order_of_arrival() -> None:
    early = assessed(3, "early", **{**PASSING, "ecog": 3})
    late = assessed(9, "late", **{**PASSING, "age_years": 76})
    for told in ((early, late), (late, early)):
        patient = Patient().tell_all([enrolled(), *told])
        assert patient.standing() == ["ELIGIBILITY_VIOLATION @9 late"]
    patient.tell(late.gone(version=2))
    assert patient.standing() == ["ELIGIBILITY_VIOLATION @3 early"]


def test_a_corrected_value_withdraws_the_violation() -> None:
    given = assessed(3, "elig", **{**PASSING, "cea": {"value": 55, "unit": "ng/mL"}})
    patient = Patient().tell_all([enrolled(), given])
    corrected = given.but(version=2, status="amended", cea={"value": 45, "unit": "ng/mL"})
    assert patient.tell(corrected) == ["withdrawn ELIGIBILITY_VIOLATION"]
    assert patient.timeline()["eligibility"]["overall"] == "PASS"


def test_what_a_finding_says() -> None:
    patient = patient_with(ecog=3, growth_factor_given=None, largest_lung_lesion_mm="12.5")
    rows = {row["finding"]: row for row in patient.timeline()["standing_findings"]}
    assert {name: row["severity"] for name, row in rows.items()} == {
        "ELIGIBILITY_VIOLATION": "high",
        "ELIGIBILITY_INCOMPLETE": "high",
        "ELIGIBILITY_CONFLICT": "medium",
    }
    assert {row["effective_on"] for row in rows.values()} == {on(3)}
    assert rows["ELIGIBILITY_VIOLATION"]["details"] == {"criterion": "I08"}
    assert patient.last("ELIGIBILITY_VIOLATION").said.explanation == (
        "The assessment of 2025-01-04 does not meet criterion I08, which asks for ECOG 0 to 2. "
        "Recorded: ECOG 3."
    )
    incomplete = patient.last("ELIGIBILITY_INCOMPLETE").said.explanation
    assert "neutrophils 3 x10^9/L, growth factor given: unknown" in incomplete
    conflict = patient.last("ELIGIBILITY_CONFLICT").said.explanation
    assert "largest lung lesion 12.5 mm; counted as PASS" in conflict
    assert "design choice" in conflict


def test_why_a_criterion_was_judged_so() -> None:
    found = patient_with(ned_achieved_by="chemotherapy_only").timeline()["eligibility"]["criteria"]
    why = {row["id"]: row["why"] for row in found}
    assert why["I08"] == "ECOG 1"
    assert why["I02"] == "no evidence of disease by chemotherapy only"
    assert why["I03"] == (
        "no evidence of disease on 2024-01-15, lung lesion detected on 2024-12-01"
    )
    assert why["I12"] == "childbearing potential: no"
    assert why["E08"] == "CEA 3 ng/mL"
    assert all(why.values())
