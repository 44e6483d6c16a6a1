"""Results that rest on genes of clonal haematopoiesis only (rules 2.7)."""

import pytest

from tests.clinical.table import told

CHIP = "genes=TET2,DNMT3A"


def test_genes_of_clonal_haematopoiesis_suspect_and_never_confirm() -> None:
    told(f"""
          0 | enrolled                               |
        100 | ctdna s1 detected {CHIP}               | suspected counted=False
        130 | ctdna s2 detected {CHIP}               | positive counted=False
        140 | ctdna s3 detected                      | positive counted=True
        153 | ctdna s4 detected                      | positive
        154 | ctdna s5 detected {CHIP}               | positive
        155 | ctdna s6 detected                      | confirmed
            | MOLECULAR_RELAPSE_SUSPECTED @100 s1    |
            | MOLECULAR_RELAPSE_CONFIRMED @140 s3 s6 |
    """)


def test_such_a_result_keeps_a_run_from_going_stale() -> None:
    told(f"""
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
    told(f"100 | ctdna s1 detected | suspected\n 114 | ctdna s2 detected {words} | {course}")


def test_one_positive_may_confirm() -> None:
    rules = {"ctdna.confirm.n": 1}
    told(f"""
          0 | enrolled                             |
        100 | ctdna s1 detected                    | confirmed
        110 | ctdna s2 not_detected                | negative
        120 | ctdna s3 detected {CHIP}             | suspected
        125 | ctdna s4 detected                    | confirmed
            | MOLECULAR_RELAPSE_CONFIRMED @100 s1  |
            | MOLECULAR_RELAPSE_SUSPECTED @120 s3  |
            | MOLECULAR_RELAPSE_CONFIRMED @125 s4  |
    """, rules)  # fmt: skip


def test_why_such_a_result_is_not_counted() -> None:
    told(f"100 | ctdna s1 detected {CHIP} | not counted: chip")
    told("100 | ctdna s1 not_detected genes=TET2 | negative counted=True")
