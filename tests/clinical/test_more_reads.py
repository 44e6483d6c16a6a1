"""More rows of odd reads (clinical rules 4.2): organs that no two targets share."""

import pytest

from tests.clinical.facts import enrolled, read, target
from tests.clinical.patient import Patient
from tests.clinical.table import assert_told


@pytest.mark.parametrize(("organ", "too_many"), [("liver", True), ("other", False),
                                                 ("unspecified", False)])  # fmt: skip
def test_three_targets_in_an_organ(organ: str, too_many: bool) -> None:  # noqa: FBT001 - a row's answer
    three = [target(name, "20") | {"organ": organ} for name in ("T1", "T2", "T3")]
    patient = Patient().tell_all([enrolled(), read(0, "b", baseline=True, targets=three)])
    kinds = [row["details"]["kind"] for row in patient.timeline()["standing_findings"]]
    assert kinds == (["target_caps"] if too_many else [])


@pytest.mark.parametrize("words", ["", "reported=-,-,PD", "sum=0 reported=-,-,PD"])
def test_a_biopsy_that_decides_is_evidence_whatever_was_reported_beside_lesions(words: str) -> None:
    assert_told(f"""
          0 | radiotherapy t sites=S                         |
         50 | base b no-targets                              |
        120 | read r no-targets site=S:enlarging {words}     | PD
        120 | biopsy p malignant site=S                      |
            | RADIOGRAPHIC_PD @120 r p                       |
    """, about={"RADIOGRAPHIC_PD"})  # fmt: skip


def test_a_biopsy_beside_a_site_that_is_pd_by_itself_decides_nothing() -> None:
    assert_told("""
          0 | surgery t sites=S,Q                                         |
         50 | base b no-targets                                           |
        120 | read r no-targets site=S:enlarging site=Q:progressed        | PD
        120 | biopsy p malignant site=S                                   |
            | RADIOGRAPHIC_PD @120 r                                      |
    """, about={"RADIOGRAPHIC_PD"})  # fmt: skip


def test_a_pd_that_was_only_reported_says_so() -> None:
    patient = assert_told("""
         -1 | enrolled                  |
          0 | base b reported=-,-,SD    |
        100 | read r reported=-,-,PD    | PD
    """)
    assert "the reader reported PD" in patient.last("RADIOGRAPHIC_PD").said.explanation


def test_a_read_that_is_not_final_overrules_none_of_the_same_images() -> None:
    assert_told("""
          0 | base b T1=50                       | baseline
         84 | read r1 T1=60                      | PD flags=
         84 | read r2 T1=50 status=preliminary   | overall=- flags=PRELIMINARY
    """)


def test_a_small_node_beside_a_recurred_site_counts() -> None:
    assert_told("""
          0 | surgery t sites=S                                |
         50 | base b no-targets                                |
        120 | read r no-targets site=S:progressed new:X/node12 | PD new_lesion=unequivocal
    """)


def test_a_biopsy_beside_a_pd_that_responses_report_decides_nothing() -> None:
    assert_told("""
          0 | radiotherapy t sites=S                        |
         50 | base b reported=-,-,SD                        |
        120 | read r reported=-,-,PD site=S:enlarging       | PD
        120 | biopsy p malignant site=S                     |
            | RADIOGRAPHIC_PD @120 r                        |
    """, about={"RADIOGRAPHIC_PD"})  # fmt: skip


def test_every_image_shows_the_new_lesion_of_a_read_of_responses() -> None:
    table = """
         -1 | enrolled                                      |
          0 | base b {base}                                 |
        100 | read r {read} new:X images=CT@0,PET_CT@-2     | PD
            | NEW_LESION @{day} r                           |
    """
    about = {"NEW_LESION"}
    assert_told(table.format(base="reported=-,-,SD", read="reported=-,-,PD", day=98), about=about)
    assert_told(table.format(base="T1=50", read="T1=50", day=100), about=about)


def test_a_read_that_does_not_count_says_nothing_of_its_survey() -> None:
    assert_told("""
          0 | base b T1=50                                        | baseline
         84 | read r T1=50 survey=incomplete status=preliminary   | overall=- flags=PRELIMINARY
    """)


@pytest.mark.parametrize(("lesion", "evidence"), [("X/node12", "r p"), ("X", "r")])
def test_a_small_node_that_leans_on_a_proven_site_leaves_the_biopsy_deciding(
    lesion: str, evidence: str
) -> None:
    assert_told(f"""
          0 | radiotherapy t sites=S                               |
         50 | base b no-targets                                    |
        120 | read r no-targets site=S:enlarging new:{lesion}      | PD new_lesion=unequivocal
        120 | biopsy p malignant site=S                            |
            | RADIOGRAPHIC_PD @120 {evidence}                      |
    """, about={"RADIOGRAPHIC_PD"})  # fmt: skip
