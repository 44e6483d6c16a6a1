"""What an assessment recorded for each criterion, and the protocol's own conflicts, in words."""

from collections.abc import Mapping

import pytest

from tests.clinical.eligibility_table import PASSING
from tests.clinical.facts import assessed, enrolled
from tests.clinical.patient import Patient

FULL = {
    **PASSING,
    "growth_factor_given": True,
    "days_since_growth_factor": 8,
    "childbearing_potential": True,
    "contraception_agreed": True,
    "major_surgery_done": True,
    "days_since_major_surgery": 31,
}
RECORDED = """
    I01 confirmed by pathology: yes
    I02 no evidence of disease by surgery
    I03 no evidence of disease on 2024-01-15, lung lesion detected on 2024-12-01
    I04 earlier systemic therapy: none
    I05 lung lesions 2, suitable for local therapy: yes
    I06 earlier radiotherapy of the lung: no
    I07 largest lung lesion 18 mm
    I08 ECOG 1
    I09 expected survival 12 months
    I10 neutrophils 3 x10^9/L, growth factor given: yes, growth factor 8 days before
    I11 organ function good enough: yes
    I12 childbearing potential: yes, contraception agreed: yes
    I13 consent signed: yes
    I14 age 60 years
    E01 lesions of the first diagnosis: no
    E02 liver metastasis: no, bone metastasis: no, lymph node metastasis: no, lung lesions 2
    E03 amenable to radiotherapy: yes
    E04 earlier second line: no
    E05 ALT 1 x the upper limit, AST 1 x the upper limit
    E06 bilirubin 1 x the upper limit
    E07 creatinine 1 x the upper limit
    E08 CEA 3 ng/mL
    E09 serious condition: no
    E10 severe infection: no
    E11 active autoimmune disease: no
    E12 disorder of the central nervous system: no
    E13 major surgery done: yes, major surgery 31 days before
    E14 pregnant: no, breastfeeding: no
    E15 allergy to the study treatment: no
    E16 other reason of the investigator: no
"""


def explanations(**fields: object) -> list[str]:
    patient = Patient().tell_all([enrolled(), assessed(1, "elig", **{**PASSING, **fields})])
    return [notice.said.explanation for notice in patient.notices]


def test_what_was_recorded_is_told_with_its_unit() -> None:
    patient = Patient().tell_all([enrolled(), assessed(1, "elig", **FULL)])
    criteria = patient.timeline()["eligibility"]["criteria"]
    told = [f"{row['id']} {row['why']}" for row in criteria]
    assert told == [line.strip() for line in RECORDED.strip().splitlines()]


BY_RECIST = (
    ": the lesion is measurable by RECIST 1.1, which decides here, while the protocol's own words "
    "may ask for more than 15 mm. Recorded: largest lung lesion 12 mm; counted as PASS"
)
BY_GROUPS = (
    ": the protocol excludes patients whom radiotherapy cannot treat, although it has groups for "
    "surgery and radiofrequency ablation. Recorded: amenable to radiotherapy: no; counted as FAIL"
)
CONFLICTS: Mapping[str, tuple[Mapping[str, object], str, str]] = {
    "I07": ({"largest_lung_lesion_mm": "12"}, "A1", BY_RECIST),
    "E03": ({"amenable_to_rt": False}, "A3", BY_GROUPS),
}


@pytest.mark.parametrize("criterion", CONFLICTS)
def test_a_conflict_names_the_question_to_the_study_team(criterion: str) -> None:
    fields, question, words = CONFLICTS[criterion]
    (told,) = explanations(**fields)
    assert f"criterion {criterion} (question {question} to the study team)" in told
    assert f"{words} until the study team has ruled." in told
