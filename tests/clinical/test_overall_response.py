"""Non-target lesions, the memory of CR and the day of a PD (rules 1.5, 1.7, 1.8, 1.10)."""

import pytest

from tests.clinical.table import assert_told

NON_TARGETS = {
    "persisting": ("M1:present", "M1:present", "SD non_target=NON-CR/NON-PD"),
    "all gone": ("M1:present M2:present", "M1:absent M2:absent", "SD non_target=CR"),
    "one left": ("M1:present M2:present", "M1:absent M2:present", "SD non_target=NON-CR/NON-PD"),
    "gone, markers raised": ("M1:present", "M1:absent markers=raised",
                             "SD non_target=NON-CR/NON-PD"),
    "gone, markers normal": ("M1:present", "M1:absent markers=normal", "SD non_target=CR"),
    "one not evaluable": ("M1:present M2:present", "M1:absent M2:ne", "SD non_target=NE"),
    "one left out": ("M1:present M2:present", "M1:absent", "SD non_target=NE"),
    "none told of": ("M1:present", "", "SD non_target=NE"),
    "unequivocal beats not evaluable": ("M1:present M2:present", "M1:pd M2:ne", "PD non_target=PD"),
    "no such disease": ("", "", "SD non_target=NONE"),
    "the group's word": ("M1:present", "group=CR", "SD non_target=CR"),
    "lesions before the group's word": ("M1:present", "M1:present group=CR",
                                        "SD non_target=NON-CR/NON-PD"),
    "what is reported counts below the lesion depth only": ("M1:present", "reported=-,PD,-",
                                                            "SD non_target=NE"),
}  # fmt: skip


@pytest.mark.parametrize("name", NON_TARGETS)
def test_the_non_target_response(name: str) -> None:
    baseline, read, expected = NON_TARGETS[name]
    assert_told(f"""
          0 | base b T1=50 {baseline} | baseline
         84 | read r T1=50 {read}     | {expected}
    """)


def test_non_targets_reported_beside_a_sum() -> None:
    assert_told("""
          0 | base b sum=50 reported=-,NON-CR/NON-PD,- | baseline non_target=NON-CR/NON-PD
         84 | read r1 sum=50 reported=-,PD,-           | PD non_target=PD
        168 | read r2 sum=0 reported=-,CR,-            | CR non_target=CR
        252 | read r3 sum=0                            | PR non_target=NE
    """)


def test_non_target_disease_only() -> None:
    assert_told("""
          0 | base b no-targets M1:present  | baseline
         84 | read r1 no-targets M1:present | NON-CR/NON-PD target=NONE
        168 | read r2 no-targets M1:absent  | CR
        252 | read r3 no-targets M1:present | PD
    """)


SURVEYS = {
    "cr": ("T1=50", "T1=absent", "CR", "NE"),
    "pr by table from target cr": ("T1=50 M1:present", "T1=absent M1:present", "PR", "NE"),
    "pr": ("T1=50", "T1=35", "PR", "PR"),
    "sd": ("T1=50", "T1=50", "SD", "SD"),
    "pd": ("T1=50", "T1=60", "PD", "PD"),
    "non-target only, cr": ("no-targets M1:present", "no-targets M1:absent", "CR", "NE"),
    "non-target only": ("no-targets M1:present", "no-targets M1:present", "NON-CR/NON-PD",
                        "NON-CR/NON-PD"),
    "no disease": ("no-targets", "no-targets", "NED", "NE"),
    "an equivocal lesion makes no full survey": ("T1=50", "T1=absent new:X?", "CR", "NE"),
    "responses only, derived": ("T1=50", "reported=CR,CR,-", "CR", "NE"),
    "responses only, given": ("T1=50", "reported=CR,CR,CR", "CR", "CR"),
}  # fmt: skip


@pytest.mark.parametrize("name", SURVEYS)
def test_what_an_incomplete_survey_takes_away(name: str) -> None:
    baseline, read, full, partial = SURVEYS[name]
    assert_told(f"0 | base b {baseline} |\n 84 | read r {read} survey=complete | {full} flags=")
    assert_told(f"""
          0 | base b {baseline}                |
         84 | read r {read} survey=incomplete  | {partial} flags=INCOMPLETE_SURVEY
    """)


def test_a_partial_survey_shows_in_the_new_lesion_column_unless_one_was_seen() -> None:
    assert_told("""
          0 | base b T1=50                                  |
         84 | read r1 T1=50 survey=incomplete               | SD new_lesion=incomplete
        168 | read r2 T1=50 survey=incomplete new:X1?       | SD new_lesion=equivocal
        252 | read r3 T1=50 survey=incomplete new:X2        | PD new_lesion=unequivocal
    """)


AFTER_CR = {
    "a target above 0 mm": ("T1=2 N1=8 M1:absent", "PD target=PR pd_on=168"),
    "a node below 10 mm is normal": ("T1=absent N1=9.9 M1:absent", "CR"),
    "a node of 10 mm": ("T1=absent N1=10 M1:absent", "PD"),
    "a non-target present": ("T1=absent N1=8 M1:present", "PD non_target=NON-CR/NON-PD"),
    "a non-target not evaluable is no disease": ("T1=absent N1=8 M1:ne", "PR"),
    "markers alone are no disease": ("T1=absent N1=8 M1:absent markers=raised", "PR"),
    "not evaluable": ("T1=ne N1=8 M1:absent", "NE"),
    "responses: raised markers alone are no disease": (
        "reported=CR,-,- M1:absent markers=raised", "PR non_target=NON-CR/NON-PD"),
    "responses: a word beside the lesions is not used": (
        "reported=CR,NON-CR/NON-PD,- M1:absent markers=raised", "PR"),
    "responses: a non-target present": ("reported=CR,-,- M1:present", "PD"),
    "responses: given pr": ("reported=-,-,PR", "PD target=-"),
    "responses: given ne": ("reported=-,-,NE", "NE"),
    "responses: derived sd": ("reported=SD,CR,-", "PD"),
    "responses: derived pr of persisting non-targets": ("reported=CR,NON-CR/NON-PD,-", "PD"),
    "responses: derived pr of unseen non-targets": ("reported=CR,NE,-", "PR"),
}  # fmt: skip


@pytest.mark.parametrize("name", AFTER_CR)
def test_disease_after_an_overall_cr(name: str) -> None:
    read, expected = AFTER_CR[name]
    assert_told(f"""
          0 | base b T1=50 N1=20 M1:present     | baseline
         84 | read r1 T1=absent N1=8 M1:absent  | CR
        168 | read r2 {read}                    | {expected}
    """)


def test_the_memory_of_cr_survives_a_read_that_is_not_evaluable_but_no_new_episode() -> None:
    assert_told("""
        -50 | surgery t1         |
          0 | base b1 T1=50      | baseline episode=1
         84 | read r1 T1=absent  | CR
        168 | read r2 T1=ne      | NE
        252 | read r3 T1=1       | PD
        300 | surgery t2 round=2 |
        330 | base b2 T1=20      | baseline episode=2
        420 | read r4 T1=10      | PR episode=2
    """)


def test_by_table_a_small_return_after_cr_is_what_the_table_says() -> None:
    assert_told("""
          0 | base b T1=50            | baseline
         84 | read r1 T1=absent       | CR
        168 | read r2 T1=3            | PR
        252 | read r3 reported=-,-,SD | SD
    """, {"recist.disease_after_cr": "by_table"})  # fmt: skip


def test_responses_without_disease_at_baseline_show_none() -> None:
    assert_told("""
          0 | base b no-targets           | baseline
         84 | read r1 reported=-,-,NED    | NED target=NONE non_target=NONE
        168 | read r2 reported=-,-,-      | NE target=NONE non_target=NONE
        252 | read r3 reported=-,CR,-     | CR target=NONE non_target=CR
    """)
    assert_told("""
          0 | base b no-targets M1:present | baseline
         84 | read r1 reported=-,-,SD      | SD target=NONE non_target=-
    """)


PD_DATES = {  # the read, its pd_on by the earliest evidence, and by the last scan day
    "targets by CT and MRI": ("T1=60 images=PET_CT@0,CT@2,MRI@5", 86, 89),
    "targets, no CT": ("T1=60 images=PET_CT@0,US@3", 84, 87),
    "non-targets by CT": ("T1=50 M1:pd images=PET_CT@0,CT@2,CT@4", 86, 88),
    "a new lesion by its method": ("T1=50 new:X/PET_CT images=CT@0,PET_CT@3,PET_CT@4", 87, 88),
    "a new lesion by a method without images": ("T1=50 new:X/MRI images=CT@1,CT@3", 85, 87),
    "both: the earlier": ("T1=60 new:X/PET_CT images=PET_CT@0,PET_CT@1,CT@3", 84, 85),
    "responses only: all images": ("reported=PD,-,- images=PET_CT@0,CT@2,US@6", 84, 90),
    "responses only, overall given": ("reported=-,-,PD images=PET_CT@0,CT@2,US@6", 84, 90),
}


@pytest.mark.parametrize("name", PD_DATES)
def test_the_day_of_a_pd(name: str) -> None:
    read, earliest, last = PD_DATES[name]
    table = f"""
          0 | enrolled |
          0 | base b T1=50 M1:present images=CT@0,PET_CT@0 |
         84 | read r {read} | PD pd_on={{day}}
    """
    patient = assert_told(table.format(day=earliest))
    assert f"RADIOGRAPHIC_PD @{earliest} r" in patient.standing()
    assert_told(table.format(day=last), {"recist.pd_date_rule": "last_scan_day"})
