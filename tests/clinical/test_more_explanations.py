"""What a coordinator reads of odd reads, causes, discordances and doses, whole (rules 4.2, 4.3)."""

import pytest

from tests.clinical.clock_table import clocked
from tests.clinical.facts import enrolled, read, target
from tests.clinical.patient import Patient
from tests.clinical.table import assert_told

DESIGN = " This rule is a design choice of the study team, not an established criterion."


def said(patient: Patient, finding: str) -> str:
    return patient.last(finding).said.explanation.removesuffix(DESIGN)


SIGNED = [
    ("signed=2025-04-12T08:00:00Z", "signed=2025-04-13T08:00:00Z", "the other was signed later"),
    ("signed=2025-04-13T08:00:00Z", "signed=2025-04-13T16:00:00+08:00",
     "both were signed at the same time"),
    ("", "signed=2025-04-13T08:00:00Z", "only the other is signed"),
    ("", "", "neither is signed"),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second", "here"), SIGNED)
def test_which_of_two_reads_of_a_day_counts(first: str, second: str, here: str) -> None:
    table = f"100 | read r1 T1=9 {first} |\n 100 | read r2 T1=9 {second} |"
    patient = assert_told(f"-1 | enrolled |\n 0 | base b T1=9 |\n 0 | base a T1=9 |\n {table}")
    assert said(patient, "DATA_QUALITY") == (
        "The read of 2025-04-11 does not count: of two reads of the same image days the one that "
        f"was signed later counts, else the one with the higher record id. Here {here}."
    )


CAPPED = [
    ("lung lung lung", "3 target lesions, 3 of them in one organ", ""),
    ("lung lung liver liver brain bone", "6 target lesions, 2 of them in one organ", ""),
    ("lung other other unspecified other other", "6 target lesions",
     "; those in another or no named organ count only in all"),
    ("other other other other other other", "6 target lesions",
     "; those in another or no named organ count only in all"),
]  # fmt: skip


@pytest.mark.parametrize(("organs", "count", "unnamed"), CAPPED)
def test_too_many_targets(organs: str, count: str, unnamed: str) -> None:
    targets = [
        target(f"T{number}", "20") | {"organ": organ} for number, organ in enumerate(organs.split())
    ]
    patient = Patient().tell_all([enrolled(), read(0, "b", baseline=True, targets=targets)])
    assert said(patient, "DATA_QUALITY") == (
        f"The baseline of 2025-01-01 has {count}: RECIST allows 5 in all and 2 in an organ"
        f"{unnamed}."
    )


FRESH = "0 enrolled; 0 surgery t sites=S; 30 base b no-targets"
ASKED = "A multidisciplinary review is asked for as of "
WAITS = ", and until then the class of the PD is open (T8)."


def test_what_a_class_waits_for() -> None:
    lesion = clocked(f"{FRESH}; 100 read r no-targets new:X")
    assert said(lesion, "MDT_REVIEW_REQUESTED") == (
        f"{ASKED}2025-04-11: nobody has stated yet whether the lesions can be treated "
        f"locally{WAITS}"
    )
    uncounted = clocked(f"{FRESH}; 100 read r reported=-,-,PD")
    assert said(uncounted, "MDT_REVIEW_REQUESTED") == (
        f"{ASKED}2025-04-11: the lesions were not counted{WAITS}"
    )


def test_the_rounds_that_are_done() -> None:
    patient = clocked(
        f"{FRESH}; 50 ablation t2 round=2; 100 read r no-targets new:X; 101 stated s yes",
        {"local_therapy.max_rounds": 1},
    )
    cause = (
        " as of 2025-04-11: the lesions are within the limits and treatable, and the rounds of "
        "local therapy that the study foresees are done (2 of at most 1) (T4)."
    )
    assert said(patient, "MDT_REVIEW_REQUESTED") == (
        "A multidisciplinary review is asked for" + cause
    )
    assert said(patient, "SYSTEMIC_THERAPY_TRANSITION_TRIGGER") == (
        "The transition to systemic therapy should be considered"
        + cause
        + " Nothing is ordered; a clinician decides."
    )


def test_whose_rules_recommend_a_transition() -> None:
    patient = clocked(f"{FRESH}; 100 read r no-targets new:X; 101 stated s no")
    assert said(patient, "SYSTEMIC_THERAPY_TRANSITION_TRIGGER") == (
        "The study's rules recommend the transition to systemic therapy as of 2025-04-11: the "
        "lesions are within the limits and not treatable locally (T2). Nothing is ordered; a "
        "clinician decides."
    )


def test_how_fast_ctdna_rose_and_which_scans_were_clear() -> None:
    patient = clocked(
        "0 enrolled; 0 base b T1=50; 100 ctdna s1 detected value=1; 114 ctdna s2 detected value=2; "
        "142 ctdna s3 detected value=8; 114 read r1 T1=50; 140 read r2 T1=50; 170 read r3 T1=50"
    )
    assert said(patient, "MDT_REVIEW_REQUESTED") == (
        f"{ASKED}2025-04-25: molecular relapse is confirmed while imaging is clear (T5); ctDNA "
        "rises fast after a confirmed molecular relapse, and imaging was clear twice (ctDNA "
        "doubles in 14.0 days; clear scans of 2025-04-25 and 2025-05-21) (T6)."
    )


@pytest.mark.parametrize(
    ("active", "common"),
    [("1,0", ": it is common in lung disease"), ("1,1", ""), ("0,1", ""), ("0,0", ""), ("-,-", "")],
)
def test_a_negative_ctdna_beside_a_pd(active: str, common: str) -> None:
    patient = clocked(
        f"{FRESH}; 100 read r reported=-,-,PD active={active}; 101 ctdna s not_detected"
    )
    assert said(patient, "DISCORDANCE_IMAGING_POS_CTDNA_NEG") == (
        "Radiographic PD is dated 2025-04-11, and the nearest counted ctDNA, of 2025-04-12, is "
        f"negative. A negative ctDNA does not weaken the imaging{common}."
    )


def test_expedited_imaging_says_whose_days_they_are() -> None:
    patient = clocked("0 enrolled; 0 base b T1=50; 100 ctdna s detected")
    assert said(patient, "IMAGING_EXPEDITE_REQUESTED") == (
        "Imaging is asked for by 2025-05-09, PET/CT preferred: relapse is suspected as of "
        "2025-04-11, with no evaluable imaging in the 28 days before. These numbers of days are a "
        "design choice of the study team."
    )


def test_with_what_a_dose_was_computed() -> None:
    sentence = (
        "The biologically effective dose of the local therapy begun on 2025-01-01 is 105 Gy, "
        "outside 72 to 100 Gy"
    )
    recorded = clocked("0 enrolled; 0 radiotherapy t bed=105 dose=1/1")
    assert said(recorded, "PROTOCOL_DEVIATION") == f"{sentence}."
    computed = clocked("0 enrolled; 0 radiotherapy t dose=60/8")
    assert said(computed, "PROTOCOL_DEVIATION") == (
        f"{sentence} (computed from dose and fractions with an alpha/beta of 10 Gy)."
    )
