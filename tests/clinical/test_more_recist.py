"""More rows of sums and responses (clinical rules 1.3-1.5, 1.7, 1.8): what else could go wrong."""

import pytest

from tests.clinical.table import assert_told

# baseline | a later read | what it must be
ONE_READ = {
    "what comes after a missing target is in the sum": (
        "T1=30 T2=20", "T1=ne T2=60", "PD sum_mm=60.0 sum_complete=False"),
    "what comes after a target left out is in the sum": (
        "T1=30 T2=20", "T2=60", "PD sum_mm=60.0 sum_complete=False"),
    "responses: target not evaluable beside gone non-targets": (
        "T1=50 M1:present", "reported=NE,CR,-", "NE target=NE"),
    "responses beside a baseline without targets are shown": (
        "no-targets", "reported=SD,NON-CR/NON-PD,SD", "SD target=SD non_target=NON-CR/NON-PD"),
    "a reported word for persisting non-targets": (
        "sum=50 reported=-,CR,-", "sum=50 reported=-,SD,-", "SD non_target=NON-CR/NON-PD"),
    "a word that is none for non-targets says nothing": (
        "sum=50 reported=-,NON-CR/NON-PD,-", "sum=50 reported=-,NED,-", "SD non_target=NE"),
    "an empty list of targets comes before a sum": (
        "sum=50", "no-targets sum=35", "NE target=NE sum_mm=-"),
    "responses that say nothing beside it are shown as none": (
        "no-targets", "reported=-,-,NED", "NED target=NONE non_target=NONE"),
    "a non-target that is listed twice: any progression is PD": (
        "T1=50 M1:present", "T1=50 M1:pd M1:present", "PD non_target=PD"),
    "... whichever comes first": (
        "T1=50 M1:present", "T1=50 M1:present M1:pd", "PD non_target=PD"),
    "... and any that is not evaluable leaves it open": (
        "T1=50 M1:present", "T1=50 M1:ne M1:absent", "SD non_target=NE"),
    "... and any that is present is no CR": (
        "T1=50 M1:present", "T1=50 M1:present M1:absent", "SD non_target=NON-CR/NON-PD"),
    "merged into fragments": ("T1=20 T2=20", "T1=split:10+31 T2=into:T1", "SD sum_mm=41.0"),
    "merged into a small one": ("T1=20 T2=20", "T1=small T2=into:T1", "PR sum_mm=5.0"),
    "merged into an absent one": (
        "T1=20 T2=20", "T1=absent T2=into:T1", "NE sum_mm=0.0 sum_complete=False"),
    "merged into one that is not evaluable": (
        "T1=20 T2=20", "T1=ne T2=into:T1", "NE sum_complete=False"),
    "merged into one that is left out": (
        "T1=20 T2=20", "T2=into:T1", "NE sum_complete=False"),
    "merged into one that is not in the sum": (
        "T1=20 T2=20", "T1=20 T2=into:T9 T9=40", "NE sum_mm=20.0 sum_complete=False"),
    "merged into nothing known": (
        "T1=20 T2=20", "T1=20 T2=into:X", "NE sum_mm=20.0 sum_complete=False"),
    "merged into itself": ("T1=20 T2=20", "T1=20 T2=into:T2", "NE sum_complete=False"),
    "merged into each other": (
        "T1=20 T2=20", "T1=into:T2 T2=into:T1", "NE sum_mm=0.0 sum_complete=False"),
    "merged into one that has merged itself": (
        "T1=20 T2=20 T3=20", "T1=61 T2=into:T1 T3=into:T2", "NE sum_mm=61.0 sum_complete=False"),
    "what is left of a merged mass may prove PD": (
        "T1=20 T2=20", "T1=60 T2=into:X", "PD sum_mm=60.0 sum_complete=False"),
    "against a sum the read's own targets carry it": (
        "sum=40", "T1=41 T2=into:T1", "SD sum_mm=41.0 sum_complete=True"),
    "responses: every target word is shown": ("T1=50", "reported=SD,CR,-", "SD target=SD"),
}  # fmt: skip


@pytest.mark.parametrize("name", ONE_READ)
def test_one_read(name: str) -> None:
    baseline, read, expected = ONE_READ[name]
    assert_told(f"""
          0 | base b {baseline} | baseline
         84 | read r {read}     | {expected}
    """)


def test_a_non_target_that_was_not_seen_at_baseline_is_not_evaluable_there() -> None:
    assert_told("""
          0 | base b T1=50 M1:ne | baseline non_target=NE
         84 | read r T1=50       | SD non_target=NE
    """)


def test_a_sum_of_one_millimetre_after_cr_is_disease() -> None:
    assert_told("""
          0 | base b sum=50  | baseline
         84 | read r1 sum=0  | CR
        168 | read r2 sum=1  | PD
    """)
    assert_told("""
          0 | base b sum=50   | baseline
         84 | read r1 sum=0   | CR
        168 | read r2 sum=0.1 | PD
    """)


def test_a_growth_of_one_millimetre_is_pd_where_the_study_asks_for_no_more() -> None:
    assert_told("0 | base b T1=5 |\n 84 | read r T1=6 | PD", {"recist.pd_abs": 0})
    assert_told("0 | base b T1=5 |\n 84 | read r T1=5.9 | SD", {"recist.pd_abs": 0})


def test_without_a_complete_baseline_the_target_is_not_evaluable() -> None:
    assert_told("""
          0 | base b T1=50 T2=ne  | baseline
         84 | read r T1=20 T2=20  | NE target=NE sum_complete=True
    """)


def test_a_baseline_that_reports_pd_makes_no_small_node_count() -> None:
    assert_told("0 | base b reported=-,-,PD new:X/node12 | baseline new_lesion=equivocal")
    assert_told("""
          0 | base b reported=-,-,SD              | baseline
         84 | read r reported=-,-,PD new:X/node12 | PD new_lesion=unequivocal
    """)


def test_a_baseline_without_non_targets_says_none_unless_it_only_reports() -> None:
    assert_told("0 | base b T1=50 | baseline non_target=NONE")
    assert_told("0 | base b sum=50 | baseline non_target=NONE")
    assert_told("0 | base b reported=-,-,SD | baseline non_target=-")


def test_a_read_belongs_to_the_episode_of_its_earliest_image() -> None:
    assert_told("""
          0 | surgery t1                       |
         40 | base b T1=50                     | baseline episode=1
         99 | read r T1=60 images=CT@0,MRI@2   | PD episode=1
        100 | surgery t2 round=2               |
    """)


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ("T1=40 T2=into:T1", "baseline_sum_mm=40.0 sum_complete=True"),
        ("T2=into:T1 T1=40", "baseline_sum_mm=40.0 sum_complete=True"),
        ("T1=40 T2=into:X", "baseline_sum_mm=- sum_complete=False"),
        ("T1=absent T2=into:T1", "baseline_sum_mm=- sum_complete=False"),
    ],
)
def test_a_mass_that_has_merged_at_baseline(targets: str, expected: str) -> None:
    assert_told(f"0 | base b {targets} | baseline {expected}")


@pytest.mark.parametrize(("again", "carried"), [(111, "SD"), (112, "PR")])
def test_a_cr_that_a_cr_confirmed_is_carried_as_pr_where_the_table_decides(
    again: int, carried: str
) -> None:
    assert_told(f"""
          0 | base b N1=14            | baseline
         84 | read r1 N1=9            | CR
        {again} | read r2 N1=9        | CR
        200 | read r3 N1=10.5         | {carried} target=SD
    """, {"recist.disease_after_cr": "by_table"})  # fmt: skip


# What is read after an overall CR | what it must be: what is only reported is no disease.
AFTER_CR = {
    "T1=absent N1=8 group=NON-CR/NON-PD": "PD non_target=NON-CR/NON-PD",
    "T1=absent N1=8 group=NE": "PR non_target=NE",
    "": "NE",
    "T1=absent N1=8 M1:ne reported=-,-,PR": "PR non_target=NE",
    "T1=absent N1=8 M1:ne reported=-,-,SD": "PR non_target=NE",
}


@pytest.mark.parametrize("read", AFTER_CR)
def test_after_cr_only_what_is_seen_is_disease(read: str) -> None:
    assert_told(f"""
          0 | base b T1=50 N1=20 M1:present     | baseline
         84 | read r1 T1=absent N1=8 M1:absent  | CR
        168 | read r2 {read}                    | {AFTER_CR[read]}
    """)


def test_after_a_pd_nothing_is_carried_however_many_reads_later() -> None:
    assert_told("""
          0 | base b T1=100   | baseline
         84 | read r1 T1=70   | PR
        112 | read r2 T1=70   | PR
        200 | read r3 T1=84   | PD
        284 | read r4 T1=80   | SD
        368 | read r5 T1=80   | SD
    """)
