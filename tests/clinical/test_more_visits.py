"""More rows of what a read remembers and is remembered by (clinical rules 1.4, 1.6, 1.10, 1.12)."""

from tests.clinical.table import assert_told


def test_without_a_baseline_there_are_no_non_targets_to_miss() -> None:
    assert_told("0 | read r T1=50 | NE non_target=NONE")


def test_a_word_that_is_none_for_targets_says_nothing() -> None:
    assert_told("0 | base b T1=50 |\n84 | read r reported=NED,-,SD | SD target=-")


def test_what_makes_a_pd_is_not_carried_as_pr() -> None:
    assert_told("""
          0 | base b T1=100       | baseline
         84 | read r1 T1=70       | PR
        112 | read r2 T1=70       | PR
        200 | read r3 T1=80 new:X | PD target=SD
    """)


def test_a_confirmed_pr_is_not_carried_over_what_a_reader_reports() -> None:
    assert_told("""
          0 | base b T1=100         | baseline
         84 | read r1 T1=70         | PR
        112 | read r2 T1=70         | PR
        200 | read r3 reported=SD,CR,- | SD target=SD
        284 | read r4 T1=80         | PR target=SD
    """)


def test_responses_are_apart_from_latest_image_to_latest_image() -> None:
    for shots, third in (("CT@0,MRI@1", "SD"), ("CT@0,MRI@0", "PR")):
        assert_told(f"""
              0 | base b T1=100                | baseline
             84 | read r1 T1=70 images={shots} | PR
            112 | read r2 T1=70                | PR
            200 | read r3 T1=80                | {third}
        """)


def test_a_baseline_is_of_the_day_of_its_earliest_image() -> None:
    assert_told("""
          0 | surgery t                               |
         56 | base b no-targets images=CT@0,MRI@1     | baseline flags=
    """)
    assert_told("0 | surgery t |\n 57 | base b no-targets | baseline flags=DATA_QUALITY")


def test_a_read_that_does_not_count_calls_nothing_benign() -> None:
    assert_told("""
          0 | base b T1=50                               | baseline
         84 | read r1 T1=50 new:X                        | PD new_lesion=unequivocal
        168 | read r2 T1=50 new:X! status=preliminary    | overall=-
    """)


def test_a_small_node_beside_a_reported_sd_is_alone() -> None:
    assert_told("""
          0 | base b reported=-,-,SD              | baseline
         84 | read r reported=-,-,SD new:X/node12 | SD new_lesion=equivocal
    """)
