"""More rows of sums and responses (clinical rules 1.3-1.5, 1.7, 1.8): what else could go wrong."""

import pytest

from tests.clinical.table import told

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
    "an empty list of targets comes before a sum": (
        "sum=50", "no-targets sum=35", "NE target=NE sum_mm=-"),
    "responses that say nothing beside it are shown as none": (
        "no-targets", "reported=-,-,NED", "NED target=NONE non_target=NONE"),
    "responses: every target word is shown": ("T1=50", "reported=SD,CR,-", "SD target=SD"),
}  # fmt: skip


@pytest.mark.parametrize("name", ONE_READ)
def test_one_read(name: str) -> None:
    baseline, read, expected = ONE_READ[name]
    told(f"""
          0 | base b {baseline} | baseline
         84 | read r {read}     | {expected}
    """)


def test_a_non_target_that_was_not_seen_at_baseline_is_not_evaluable_there() -> None:
    told("""
          0 | base b T1=50 M1:ne | baseline non_target=NE
         84 | read r T1=50       | SD non_target=NE
    """)


def test_a_sum_of_one_millimetre_after_cr_is_disease() -> None:
    told("""
          0 | base b sum=50  | baseline
         84 | read r1 sum=0  | CR
        168 | read r2 sum=1  | PD
    """)
    told("""
          0 | base b sum=50   | baseline
         84 | read r1 sum=0   | CR
        168 | read r2 sum=0.1 | PD
    """)


def test_a_growth_of_one_millimetre_is_pd_where_the_study_asks_for_no_more() -> None:
    told("0 | base b T1=5 |\n 84 | read r T1=6 | PD", {"recist.pd_abs": 0})
    told("0 | base b T1=5 |\n 84 | read r T1=5.9 | SD", {"recist.pd_abs": 0})


def test_without_a_complete_baseline_the_target_is_not_evaluable() -> None:
    told("""
          0 | base b T1=50 T2=ne  | baseline
         84 | read r T1=20 T2=20  | NE target=NE sum_complete=True
    """)
