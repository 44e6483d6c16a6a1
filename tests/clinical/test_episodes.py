"""Episodes, baselines, reader series and reads that do not count (rules 1.12, 4.3)."""

from functools import partial

from tests.clinical.facts import therapy
from tests.clinical.table import IMAGING
from tests.clinical.table import assert_told as assert_told_about

assert_told = partial(assert_told_about, about=IMAGING)


def test_without_local_therapy_everything_is_episode_1() -> None:
    assert_told("""
         -9 | read r0 T1=50 | NE episode=1
          0 | base b T1=50  | baseline episode=1
    """)


def test_rounds_make_episodes_in_the_order_of_their_first_days() -> None:
    assert_told("""
        -30 | base b0 T1=50                 | baseline episode=0
        -10 | read r0 T1=90                 | PD episode=0
          0 | surgery t1 round=7            |
          0 | read r1 T1=9                  | NE episode=1
          5 | radiotherapy t2 round=7 until=9 |
        100 | ablation t3 round=3           |
         99 | read r2 T1=9                  | NE episode=1
        100 | read r3 T1=9                  | NE episode=2
    """)


def test_before_the_first_therapy_nothing_is_found() -> None:
    assert_told("""
        -40 | enrolled             |
        -30 | base b0 T1=50        | baseline episode=0
        -10 | read r0 T1=90 new:X  | PD episode=0
          0 | surgery t1           |
            | nothing              |
    """)


def test_the_baseline_is_the_first_marked_read_after_the_last_therapy_day() -> None:
    assert_told("""
          0 | surgery t1 until=10      |
          5 | base b1 T1=50            | NE is_baseline=False
         10 | base b2 T1=50            | NE is_baseline=False
         11 | base b3 T1=50            | baseline flags=DATA_QUALITY
         60 | base b4 T1=40            | SD is_baseline=False flags=DATA_QUALITY nadir_mm=50.0
    """)


def test_while_a_therapy_has_no_end_there_is_no_baseline() -> None:
    assert_told("""
          0 | surgery t1             |
          3 | ablation t2 until=open |
         40 | base b T1=50           | NE is_baseline=False
    """)


def test_a_new_round_begins_with_a_new_baseline_and_nadir_and_a_pd_of_its_own() -> None:
    assert_told("""
          0 | enrolled               |
          0 | surgery t1             |
         30 | base b1 T1=50          | baseline
        110 | read r1 T1=60          | PD
        190 | read r2 T1=80          | PD pd_on=190
        200 | surgery t2 round=2     |
        230 | base b2 T1=20          | baseline baseline_sum_mm=20.0
        310 | read r3 T1=24.9        | SD nadir_mm=20.0
        390 | read r4 T1=25          | PD
            | RADIOGRAPHIC_PD @110 r1 |
            | RADIOGRAPHIC_PD @390 r4 |
    """)


def test_series_of_readers_are_never_mixed() -> None:
    table = """
          0 | enrolled                            |
          0 | base b1 T1=50                       | baseline
          0 | base c1 T1=10 reader=C1@central     | baseline
          1 | base d1 T1=10 reader=C2@central     | baseline
         84 | read r1 T1=50 reader=R9             | SD
         84 | read c2 T1=20 reader=C1@central     | PD baseline_sum_mm=10.0
         84 | read a2 T1=20 reader=A@adjudicator  | NE
         90 | read d2 T1=40 reader=C2@central     | PD
    """
    assert_told(table + "| nothing |")
    assert_told(table + "| RADIOGRAPHIC_PD @84 c2 |", {"reader": "central"})
    assert_told(table + "| RADIOGRAPHIC_PD @90 d2 |", {"reader": "central", "reader_id": "C2"})
    assert_told(table + "| nothing |", {"reader": "adjudicator"})


def test_the_central_series_is_chosen_by_standing_baselines_only() -> None:
    assert_told("""
          0 | enrolled                                          |
         -1 | base c1 T1=10 reader=C1@central status=preliminary | - flags=PRELIMINARY
          0 | base d1 T1=10 reader=C2@central                   | baseline
         84 | read d2 T1=40 reader=C2@central                   | PD
            | RADIOGRAPHIC_PD @84 d2                            |
    """, {"reader": "central"})  # fmt: skip


def test_of_two_reads_of_the_same_images_the_later_signed_counts() -> None:
    assert_told("""
          0 | base b T1=50                                     | baseline
         84 | read r1 T1=60 signed=2025-04-01T10:00:00+02:00   | - flags=SUPERSEDED_SAME_DAY
         84 | read r2 T1=50 signed=2025-04-01T09:00:00Z        | SD flags=
         90 | read r3 T1=50                                    | - flags=SUPERSEDED_SAME_DAY
         90 | read r4 T1=50                                    | SD
         95 | read r6 T1=50 signed=2025-04-10                  | SD
         95 | read r7 T1=50                                    | - flags=SUPERSEDED_SAME_DAY
         99 | read r8 T1=50 images=CT@0                        | SD
         99 | read r9 T1=50 images=CT@0,MRI@1                  | SD
    """)


def test_provisional_reads_are_shown_and_count_for_nothing() -> None:
    assert_told("""
          0 | enrolled                                |
          0 | base b T1=50                            | baseline
         60 | read r1 T1=10 status=registered         | - flags=REGISTERED new_lesion=none
         84 | read r2 T1=60 new:X status=preliminary  | - flags=PRELIMINARY pd_on=-
         90 | read r3 T1=50                           | SD nadir_mm=50.0
            | nothing                                 |
    """)


def test_reads_of_one_first_day_are_ordered_by_their_last() -> None:
    assert_told("""
          0 | base b T1=50                        |
         84 | read r2 T1=40 images=CT@0           | SD nadir_mm=50.0
         84 | read r1 T1=48 images=CT@0,MRI@1     | PD nadir_mm=40.0
    """)


def test_a_provisional_therapy_begins_nothing() -> None:
    patient = assert_told("""
         50 | ctdna s1 detected | suspected
         10 | base b T1=50      | baseline episode=1
    """)
    patient.tell(therapy(50, "surgery", "t", ended=50, status="preliminary"))
    assert patient.timeline()["imaging"][0]["episode"] == 1
    assert patient.timeline()["ctdna"][0]["course"] == "suspected"
    patient.tell(therapy(50, "surgery", "t", ended=50, record_version=2))
    assert patient.timeline()["imaging"][0]["episode"] == 0
    assert patient.timeline()["ctdna"][0]["course"] == "blackout"
