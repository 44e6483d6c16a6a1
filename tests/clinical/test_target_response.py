"""Sums of diameters and target response, on both sides of every threshold (rules 1.3, 1.4)."""

import pytest

from tests.clinical.table import assert_told

# baseline | read | what the read must be
ONE_READ = {
    "+20 % and 5 mm exactly": ("T1=25", "T1=30", "PD sum_mm=30.0 nadir_mm=25.0"),
    "5 mm, under 20 %": ("T1=25.1", "T1=30.1", "SD"),
    "20 %, just under 5 mm": ("T1=24.5", "T1=29.4", "SD"),
    "over 20 %, just under 5 mm": ("T1=10", "T1=14.9", "SD"),
    "over 20 %, 5 mm": ("T1=10", "T1=15", "PD"),
    "a tenth under 20 %": ("T1=100", "T1=119.9", "SD"),
    "20 % of a hundred": ("T1=100", "T1=120", "PD"),
    "20 % of an awkward tenth": ("T1=38.5", "T1=46.2", "PD"),
    "-30 % exactly": ("T1=50", "T1=35", "PR"),
    "a tenth above -30 %": ("T1=50", "T1=35.1", "SD"),
    "-30 % of an awkward tenth": ("T1=17.1", "T1=11.97", "PR"),
    "all gone": ("T1=50", "T1=absent", "CR sum_mm=0.0"),
    "too small is 5 mm each": ("T1=50 T2=20", "T1=small T2=small", "PR sum_mm=10.0"),
    "measured under 5 mm is itself": ("T1=50", "T1=3.2", "PR sum_mm=3.2"),
    "a node of 9.9 is normal": ("N1=20", "N1=9.9", "CR sum_mm=9.9"),
    "a node of 10 is disease": ("N1=20", "N1=10", "PR sum_mm=10.0"),
    "a lung lesion of 9.9 is disease": ("T1=20", "T1=9.9", "PR"),
    "a node not visible at all": ("N1=20", "N1=absent", "CR sum_mm=0.0"),
    "a node drifting within the normal is CR, not PD": ("N1=4.5", "N1=9.9", "CR"),
    "a node back at 10": ("N1=4.5", "N1=10", "PD"),
    "fragments add up": ("T1=25", "T1=split:14+16", "PD sum_mm=30.0"),
    "a merged mass counts once": ("T1=20 T2=20", "T1=41 T2=into:T1", "SD sum_mm=41.0"),
    "a partial sum proves PD": ("T1=30 T2=20", "T1=60 T2=ne", "PD sum_mm=60.0 sum_complete=False"),
    "a partial sum just short of it": ("T1=30 T2=20", "T1=59.9 T2=ne", "NE target=NE"),
    "a partial sum is never a response": ("T1=30 T2=20", "T1=absent T2=ne", "NE sum_mm=0.0"),
    "a target left out is not evaluable": ("T1=30 T2=20", "T1=30", "NE sum_complete=False"),
    "one more target is not in the sum": ("T1=30", "T1=30 T9=40", "SD sum_mm=30.0"),
    "sums compare with sums": ("sum=50", "sum=35", "PR sum_mm=35.0"),
    "a sum against lesions": ("T1=50", "sum=35", "PR sum_mm=35.0"),
    "lesions against a sum": ("sum=50", "T1=35", "PR sum_mm=35.0"),
    "a sum of 0": ("sum=50", "sum=0", "CR"),
    "a node's exception is not seen in a sum": ("sum=20", "sum=9.9", "PR"),
    "no targets against a sum": ("sum=50", "no-targets", "NE target=NE sum_mm=-"),
    "no targets against lesions": ("T1=50", "no-targets", "NE target=NE sum_mm=-"),
    "a target listed twice counts once": ("T1=50 T1=20", "T1=60 T1=10",
                                          "PD sum_mm=60.0 nadir_mm=50.0"),
    "no targets at baseline": ("no-targets", "no-targets", "NED target=NONE sum_mm=-"),
    "responses only": ("T1=50", "reported=PR,-,-", "PR target=PR sum_mm=- sum_complete=-"),
    "responses only, overall as given": ("T1=50", "reported=PR,CR,SD", "SD target=PR"),
    "responses only, nothing said": ("T1=50", "reported=-,-,-", "NE target=- non_target=-"),
}  # fmt: skip


@pytest.mark.parametrize("name", ONE_READ)
def test_one_read_after_the_baseline(name: str) -> None:
    baseline, read, expected = ONE_READ[name]
    assert_told(f"""
          0 | base b {baseline} | baseline target=- pd_on=- nadir_mm=-
         84 | read r {read}     | {expected}
    """)


def test_the_nadir_is_the_smallest_complete_sum_before() -> None:
    assert_told("""
          0 | base b T1=50 T2=50   | baseline sum_mm=100.0 baseline_sum_mm=100.0
         84 | read r1 T1=20 T2=20  | PR nadir_mm=100.0
        168 | read r2 T1=10 T2=ne  | NE nadir_mm=40.0 sum_mm=10.0
        252 | read r3 T1=24 T2=23  | PR nadir_mm=40.0
        336 | read r4 T1=24 T2=24  | PD nadir_mm=40.0 target=PD
    """)


def test_pd_beats_pr_far_below_the_baseline() -> None:
    assert_told("""
          0 | base b T1=100  | baseline
         84 | read r1 T1=40  | PR
        168 | read r2 T1=48  | PD
    """)


def test_over_a_nadir_of_nothing_five_millimetres_decide() -> None:
    table = """
          0 | base b T1=50      | baseline
         84 | read r1 T1=absent | CR
        168 | read r2 {size}    | {expected}
    """
    by_table = {"recist.disease_after_cr": "by_table"}
    assert_told(table.format(size="T1=4.9", expected="PR nadir_mm=0.0 target=PR"), by_table)
    assert_told(table.format(size="T1=5", expected="PD target=PD"), by_table)


def test_without_a_baseline_there_is_no_target_response() -> None:
    assert_told("""
          0 | read r1 T1=50 | NE target=NE sum_mm=50.0 nadir_mm=- baseline_sum_mm=-
         84 | read r2 T1=90 | NE target=NE nadir_mm=-
         90 | base b T1=90  | baseline
         95 | read r3 T1=54 | PR nadir_mm=90.0
    """)


def test_an_incomplete_baseline_gives_a_nadir_later_but_no_response() -> None:
    assert_told("""
          0 | base b T1=50 T2=ne  | baseline baseline_sum_mm=- sum_complete=False
         84 | read r1 T1=20 T2=20 | NE nadir_mm=-
        168 | read r2 T1=24 T2=24 | PD nadir_mm=40.0
    """)


def test_nothing_seen_is_never_growth_even_without_a_floor() -> None:
    assert_told("""
          0 | base b T1=50      | baseline
         84 | read r1 T1=absent | CR
        168 | read r2 no-targets | NE sum_mm=-
        252 | read r3 T1=ne     | NE nadir_mm=0.0
    """, {"recist.pd_abs": 0})  # fmt: skip


def test_thresholds_come_from_the_study() -> None:
    table = "0 | base b T1=50 |\n84 | read r T1=60 | {}"
    assert_told(table.format("PD"))
    assert_told(table.format("SD"), {"recist.pd_rel": "0.21"})
    assert_told(table.format("SD"), {"recist.pd_abs": "10.1"})
    table = "0 | base b T1=50 |\n84 | read r T1=35 | {}"
    assert_told(table.format("SD"), {"recist.pr_rel": "0.31"})


CARRY = """
      0 | base b T1=100   | baseline
     84 | read r1 T1=70   | PR
    {day} | read r2 T1=70 | PR
    200 | read r3 T1=80   | {third} target=SD
    284 | read r4 T1=83.9 | {third} target=SD
    368 | read r5 T1=84   | PD
    452 | read r6 T1=80   | SD target=SD
"""


def test_a_confirmed_pr_is_carried_until_pd() -> None:
    assert_told(CARRY.format(day=84 + 28, third="PR"))
    assert_told(CARRY.format(day=84 + 27, third="SD"))
    assert_told(CARRY.format(day=84 + 28, third="SD"), {"recist.pr_carry_forward": "off"})


def test_responses_only_carry_no_pr() -> None:
    assert_told("""
          0 | base b T1=100          | baseline
         84 | read r1 reported=PR,-,- | PR
        168 | read r2 reported=PR,-,- | PR
        252 | read r3 T1=80          | SD
    """)
