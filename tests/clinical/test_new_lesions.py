"""New lesions: equivocal ones and their day, benign ones, PET alone, small nodes (rules 1.6)."""

from functools import partial

import pytest

from tests.clinical.table import IMAGING
from tests.clinical.table import assert_told as assert_told_about

assert_told = partial(assert_told_about, about=IMAGING)

START = """
      0 | enrolled                   |
      0 | base b T1=50               | baseline
"""


def test_an_unequivocal_new_lesion_is_pd_whatever_else_is_seen() -> None:
    assert_told(
        START
        + """
         84 | read r1 T1=absent new:X1     | PD target=CR new_lesion=unequivocal
            | NEW_LESION @84 r1            |
            | RADIOGRAPHIC_PD @84 r1       |
    """
    )


def test_an_equivocal_lesion_confirmed_later_dates_the_pd_to_where_it_was_first_seen() -> None:
    patient = assert_told(
        START
        + """
         84 | read r1 T1=50 new:X1?            | SD new_lesion=equivocal pd_on=-
        168 | read r2 T1=50 new:X1?            | SD new_lesion=equivocal
        252 | read r3 T1=50 new:X1             | PD new_lesion=unequivocal pd_on=84
            | NEW_LESION @84 r3 r1             |
            | RADIOGRAPHIC_PD @84 r3 r1        |
    """
    )
    assert patient.last("NEW_LESION").said.details == {"lesions": ["X1"]}


def test_a_lesion_of_another_name_is_another_lesion() -> None:
    assert_told(
        START
        + """
         84 | read r1 T1=50 new:X1?        | SD
        168 | read r2 T1=50 new:X2         | PD pd_on=168
            | NEW_LESION_EQUIVOCAL @84 r1  |
            | NEW_LESION @168 r2           |
            | RADIOGRAPHIC_PD @168 r2      |
    """
    )


def test_benign_drops_a_lesion_in_every_read() -> None:
    assert_told(
        START
        + """
         84 | read r1 T1=50 new:X1         | SD new_lesion=none
        168 | read r2 T1=50 new:X1!        | SD new_lesion=none
            | nothing                      |
    """
    )


def test_unless_a_later_read_calls_it_unequivocal() -> None:
    assert_told(
        START
        + """
         84 | read r1 T1=50 new:X1?        | SD new_lesion=equivocal
        168 | read r2 T1=50 new:X1!        | SD new_lesion=none
        252 | read r3 T1=50 new:X1         | PD pd_on=84
            | NEW_LESION @84 r3 r1         |
            | RADIOGRAPHIC_PD @84 r3 r1    |
    """
    )


def test_several_lesions_of_a_read_are_one_finding_and_are_told_once() -> None:
    patient = assert_told(
        START
        + """
         84 | read r1 T1=50 new:X2 new:X1     | PD
        168 | read r2 T1=50 new:X1 new:X3     | PD
        252 | read r3 T1=50 new:X3            | PD
            | NEW_LESION @84 r1               |
            | NEW_LESION @168 r2              |
            | RADIOGRAPHIC_PD @84 r1          |
    """
    )
    told_of = [notice.said.details["lesions"] for notice in patient.notices
               if notice.said.finding == "NEW_LESION"]  # fmt: skip
    assert told_of == [["X2", "X1"], ["X3"]]


PET = {  # images at baseline, new lesion, what the read must be
    "none at baseline": ("CT@0", "new:X/PET_CT", "SD new_lesion=equivocal"),
    "none at baseline, hot and on CT": ("CT@0", "new:X/CT", "PD"),
    "negative at baseline": ("CT@0,PET_CT@0", "new:X/PET_CT", "PD"),
    "negative at baseline, equivocal": ("CT@0,PET_CT@0", "new:X?/PET_CT", "SD"),
}


@pytest.mark.parametrize("name", PET)
def test_a_lesion_on_pet_alone(name: str) -> None:
    images, lesion, expected = PET[name]
    assert_told(f"""
          0 | base b T1=50 images={images} | baseline
         84 | read r T1=50 {lesion}        | {expected}
    """)


@pytest.mark.parametrize("method", ["CT", "MRI"])
def test_pet_confirmed_by_sections_dates_to_the_first_abnormal_pet(method: str) -> None:
    assert_told(
        START
        + f"""
         84 | read r1 T1=50 new:X/PET_CT images=CT@0,PET_CT@3 | SD new_lesion=equivocal
        168 | read r2 T1=50 new:X/PET_CT images=CT@0,PET_CT@1 | SD new_lesion=equivocal
        252 | read r3 T1=50 new:X/{method}                    | PD pd_on=87
            | NEW_LESION @87 r3 r1                            |
            | RADIOGRAPHIC_PD @87 r3 r1                       |
    """
    )


NODES = {
    "9.9 mm: no size floor": ("new:X/node9.9", "PD"),
    "10 mm alone": ("new:X/node10", "SD new_lesion=equivocal"),
    "14.9 mm alone": ("new:X/node14.9", "SD new_lesion=equivocal"),
    "15 mm": ("new:X/node15", "PD"),
    "two small ones": ("new:X/node12 new:Y/node12", "SD new_lesion=equivocal"),
    "with another new lesion": ("new:X/node12 new:Y", "PD"),
    "with an equivocal new lesion": ("new:X/node12 new:Y?", "SD new_lesion=equivocal"),
}


@pytest.mark.parametrize("name", NODES)
def test_a_new_node_as_the_only_evidence(name: str) -> None:
    lesions, expected = NODES[name]
    assert_told(START + f"84 | read r T1=50 {lesions} | {expected}")


def test_a_small_node_beside_other_evidence_counts() -> None:
    assert_told(START + "84 | read r T1=60 new:X/node12 | PD new_lesion=unequivocal")
    assert_told(
        START
        + """
         84 | read r1 T1=absent              | CR
        168 | read r2 T1=2 new:X/node12      | PD new_lesion=unequivocal
            | NEW_LESION @168 r2             |
            | RADIOGRAPHIC_PD @168 r2        |
    """
    )


def test_a_small_node_seen_again_as_unequivocal_counts_from_the_first_read() -> None:
    assert_told(
        START
        + """
         84 | read r1 T1=50 new:X/node12    | SD new_lesion=equivocal
        168 | read r2 T1=50 new:X/node12    | PD pd_on=84
            | NEW_LESION @84 r2 r1          |
            | RADIOGRAPHIC_PD @84 r2 r1     |
    """
    )


def test_a_lesion_is_looked_for_within_its_episode() -> None:
    assert_told("""
          0 | enrolled                    |
          1 | surgery t1                  |
         40 | base b1 T1=50               | baseline episode=1
        120 | read r1 T1=50 new:X?        | SD episode=1
        150 | surgery t2 round=2          |
        190 | base b2 T1=50               | baseline episode=2
        270 | read r2 T1=50 new:X         | PD episode=2 pd_on=270
            | NEW_LESION @270 r2          |
            | RADIOGRAPHIC_PD @270 r2     |
    """)


def test_the_baselines_own_new_lesion_is_told_without_a_pd() -> None:
    assert_told("""
          0 | enrolled                  |
          0 | base b T1=50 new:X        | baseline new_lesion=unequivocal pd_on=- overall=-
            | NEW_LESION @0 b           |
    """)


def test_a_given_overall_stands_beside_an_unequivocal_new_lesion() -> None:
    assert_told(
        START
        + """
         84 | read r1 reported=-,-,SD new:X  | SD new_lesion=unequivocal pd_on=-
        168 | read r2 reported=-,-,- new:Y   | PD pd_on=168
            | NEW_LESION @84 r1              |
            | NEW_LESION @168 r2             |
            | RADIOGRAPHIC_PD @168 r2        |
    """
    )


def test_a_lesion_that_counted_where_it_was_first_named_dates_a_later_pd_to_that_reads_images() -> (
    None
):
    assert_told(
        START
        + """
         84 | read r1 reported=-,-,SD new:X  | SD new_lesion=unequivocal
        168 | read r2 reported=-,-,PD new:X  | PD pd_on=84
            | NEW_LESION @84 r1              |
            | RADIOGRAPHIC_PD @84 r2         |
    """
    )
    assert_told("""
          0 | enrolled                  |
          0 | base b T1=50 new:X        | baseline new_lesion=unequivocal
         84 | read r1 T1=50 new:X       | PD pd_on=0
            | NEW_LESION @0 b           |
            | RADIOGRAPHIC_PD @0 r1     |
    """)


@pytest.mark.parametrize("mentions", ["new:X new:X/PET_CT", "new:X/PET_CT new:X"])
def test_a_lesion_listed_by_two_methods_dates_to_its_earliest_image(mentions: str) -> None:
    assert_told(f"""
          0 | enrolled                                              |
          0 | base b T1=50 images=CT@0,PET_CT@0                     | baseline
         84 | read r1 T1=50 {mentions} images=PET_CT@0,CT@4         | PD pd_on=84
            | NEW_LESION @84 r1                                     |
            | RADIOGRAPHIC_PD @84 r1                                |
    """)


def test_the_supporting_reads_of_a_pd_begin_with_the_baseline() -> None:
    patient = assert_told("""
          0 | enrolled         |
          0 | read r0 T1=20    |
         31 | base b T1=30     | baseline
         59 | read r1 T1=20    | PR
         90 | read r2 T1=26    | PD
        120 | base b2 T1=26    |
    """)
    evidence = patient.last("RADIOGRAPHIC_PD").said.evidence
    assert [item.record_id for item in evidence] == ["r2", "b", "r1"]
