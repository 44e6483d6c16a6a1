"""Results that rest on genes of clonal haematopoiesis only (rules 2.7)."""

from functools import partial

import pytest

from tests.clinical import table

assert_told = partial(table.assert_told, about=table.CTDNA)
CHIP = "genes=TET2,DNMT3A"


def test_genes_of_clonal_haematopoiesis_suspect_and_never_confirm() -> None:
    assert_told(f"""
          0 | enrolled                               |
        100 | ctdna s1 detected {CHIP}               | suspected counted=False
        130 | ctdna s2 detected {CHIP}               | positive counted=False
        140 | ctdna s3 detected                      | positive counted=True
        153 | ctdna s4 detected                      | positive
        154 | ctdna s5 detected {CHIP}               | positive
        155 | ctdna s6 detected                      | confirmed
            | MOLECULAR_RELAPSE_SUSPECTED @100 s1    |
            | MOLECULAR_RELAPSE_CONFIRMED @140 s3 s6 |
            | DATA_QUALITY @100 s1                   |
            | DATA_QUALITY @130 s2                   |
            | DATA_QUALITY @154 s5                   |
    """)


def test_such_a_result_keeps_a_run_from_going_stale() -> None:
    assert_told(f"""
        100 | ctdna s1 detected        | suspected
        220 | ctdna s2 detected {CHIP} | positive
        340 | ctdna s3 detected        | confirmed
    """)


@pytest.mark.parametrize(
    ("words", "course"),
    [
        ("genes=TET2,KRAS", "confirmed"),
        ("genes=TP53", "confirmed"),
        ("genes=TET2 chip=yes", "confirmed"),
        ("genes=TET2 chip=unknown", "positive"),
        ("genes=TET2", "positive"),
    ],
)
def test_what_rests_on_such_genes_only(words: str, course: str) -> None:
    assert_told(f"100 | ctdna s1 detected | suspected\n 114 | ctdna s2 detected {words} | {course}")


def test_one_positive_may_confirm() -> None:
    rules = {"ctdna.confirm.n": 1}
    assert_told(f"""
          0 | enrolled                             |
        100 | ctdna s1 detected                    | confirmed
        110 | ctdna s2 not_detected                | clearance_provisional
        120 | ctdna s3 detected {CHIP}             | suspected
        125 | ctdna s4 detected                    | confirmed
            | MOLECULAR_RELAPSE_CONFIRMED @100 s1  |
            | CTDNA_CLEARANCE_PROVISIONAL @110 s2  |
            | DATA_QUALITY @120 s3                 |
            | CTDNA_CLEARANCE_LOST @120 s3         |
            | MOLECULAR_RELAPSE_SUSPECTED @120 s3  |
            | MOLECULAR_RELAPSE_CONFIRMED @125 s4  |
    """, rules)  # fmt: skip


def test_why_such_a_result_is_not_counted() -> None:
    assert_told(f"100 | ctdna s1 detected {CHIP} | not counted: chip")
    assert_told("100 | ctdna s1 not_detected genes=TET2 | negative counted=True")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("detected genes=TET2,JAK2", ["DATA_QUALITY @100 s1"]),
        ("not_detected genes=TET2", ["DATA_QUALITY @100 s1"]),
        ("indeterminate genes=TET2", ["DATA_QUALITY @100 s1"]),
        ("detected genes=TET2 status=preliminary", []),
        ("detected genes=TET2 chip=yes", []),
        ("detected genes=TET2 design=tumor_informed", []),
        ("detected genes=TET2,KRAS", []),
        ("detected", []),
    ],
)
def test_such_a_result_is_a_question_of_quality_whatever_its_call(
    words: str, found: list[str]
) -> None:
    patient = assert_told(f"0 | enrolled |\n 100 | ctdna s1 {words} |")
    assert [row for row in patient.standing() if row.startswith("DATA_QUALITY")] == found
    if found:
        assert patient.last("DATA_QUALITY").said.details == {"kind": "chip"}


def test_before_the_first_therapy_such_a_result_arms_clearance_and_asks_too() -> None:
    assert_told(f"""
          0 | enrolled                            |
          0 | surgery t                           |
         -5 | ctdna s1 detected {CHIP}            | baseline
         28 | ctdna s2 not_detected               | clearance_provisional
            | DATA_QUALITY @-5 s1                 |
            | CTDNA_CLEARANCE_PROVISIONAL @28 s2  |
    """)


def test_such_a_result_is_a_member_for_kinetics() -> None:
    assert_told(f"""
          0 | enrolled                            |
        100 | ctdna s1 detected {CHIP} value=1    | suspected
        110 | ctdna s2 detected {CHIP} value=2    | positive
            | MOLECULAR_RELAPSE_SUSPECTED @100 s1 |
            | RISING_CTDNA @110 s1 s2             |
            | DATA_QUALITY @100 s1                |
            | DATA_QUALITY @110 s2                |
    """)
