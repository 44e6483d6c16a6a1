"""The ctDNA run logic on both sides of every number of days (rules 2.4-2.7, 2.10, 4.5)."""

from functools import partial

import pytest

from tests.clinical import table
from tests.clinical.facts import on

assert_told = partial(table.assert_told, about=table.CTDNA)


@pytest.mark.parametrize(("gap", "course"), [(13, "positive"), (14, "confirmed")])
def test_the_gap_that_confirms(gap: int, course: str) -> None:
    assert_told(f"""
        100         | ctdna s1 detected | suspected
        {100 + gap} | ctdna s2 detected | {course}
    """)


def test_the_gap_counts_from_the_first_of_the_run() -> None:
    assert_told("""
          0 | enrolled                               |
        100 | ctdna s1 detected                      | suspected
        113 | ctdna s2 detected                      | positive
        126 | ctdna s3 detected                      | confirmed
        140 | ctdna s4 detected                      | positive
            | MOLECULAR_RELAPSE_SUSPECTED @100 s1    |
            | MOLECULAR_RELAPSE_CONFIRMED @100 s1 s3 |
    """)


def test_an_unconfirmed_run_goes_stale_after_120_days() -> None:
    assert_told("100 | ctdna s1 detected | suspected\n 220 | ctdna s2 detected | confirmed")
    patient = assert_told("""
          0 | enrolled                            |
        100 | ctdna s1 detected                   | suspected
        221 | ctdna s2 detected                   | suspected
            | MOLECULAR_RELAPSE_SUSPECTED @100 s1 |
            | MOLECULAR_RELAPSE_SUSPECTED @221 s2 |
    """)
    resolutions = [
        (notice.said.action, notice.said.details.get("resolved_by"))
        for notice in patient.notices
        if notice.said.finding == "MOLECULAR_RELAPSE_SUSPECTED"
    ]
    assert resolutions == [("raised", None), ("amended", "s2"), ("raised", None)]


def test_the_stale_gap_counts_from_the_previous_positive() -> None:
    assert_told("""
        100 | ctdna s1 detected | suspected
        110 | ctdna s2 detected | positive
        230 | ctdna s3 detected | confirmed
    """)


def test_a_confirmed_run_never_goes_stale() -> None:
    assert_told("""
        100 | ctdna s1 detected | suspected
        114 | ctdna s2 detected | confirmed
        900 | ctdna s3 detected | positive
    """)


def test_a_negative_refutes_a_suspicion_and_ends_a_confirmed_run() -> None:
    assert_told("""
          0 | enrolled                                   |
        100 | ctdna s1 detected                          | suspected
        105 | ctdna s2 not_detected                      | not_confirmed
        119 | ctdna s3 detected                          | suspected
        140 | ctdna s4 detected                          | confirmed
        150 | ctdna s5 not_detected                      | clearance_provisional
        160 | ctdna s6 not_detected                      | negative
        170 | ctdna s7 detected                          | suspected
            | MOLECULAR_RELAPSE_SUSPECTED @100 s1        |
            | MOLECULAR_RELAPSE_NOT_CONFIRMED @105 s1 s2 |
            | MOLECULAR_RELAPSE_SUSPECTED @119 s3        |
            | MOLECULAR_RELAPSE_CONFIRMED @119 s3 s4     |
            | CTDNA_CLEARANCE_PROVISIONAL @150 s5        |
            | CTDNA_CLEARANCE_LOST @170 s7               |
            | MOLECULAR_RELAPSE_SUSPECTED @170 s7        |
    """)


@pytest.mark.parametrize("modality", ["surgery", "radiotherapy", "ablation"])
def test_a_blackout_lasts_28_days_from_the_last_day(modality: str) -> None:
    assert_told(f"""
         10 | {modality} t until=20   |
          9 | ctdna s0 detected       | baseline counted=False not_counted_because=baseline
         10 | ctdna s1 detected       | blackout counted=False not_counted_because=blackout
         15 | ctdna s2 not_detected   | blackout
         47 | ctdna s3 detected       | blackout
         48 | ctdna s4 detected       | suspected counted=True not_counted_because=-
         62 | ctdna s5 detected       | confirmed
    """)


def test_each_modality_has_its_own_blackout() -> None:
    rules = {"ctdna.blackout.surgery": 10, "ctdna.blackout.rt": 20, "ctdna.blackout.ablation": 0}
    for modality, days in (("surgery", 10), ("radiotherapy", 20)):
        assert_told(f"""
            0          | {modality} t until=0 |
            {days - 1} | ctdna s1 detected    | blackout
            {days}     | ctdna s2 detected    | suspected
        """, rules)  # fmt: skip
    assert_told("""
          0 | ablation t        |
          0 | ctdna s1 detected | blackout
          1 | ctdna s2 detected | suspected
    """, rules)  # fmt: skip


def test_a_blackout_stays_open_while_the_therapy_has_no_end() -> None:
    assert_told("0 | radiotherapy t until=open |\n 400 | ctdna s1 detected | blackout")


def test_without_local_therapy_there_is_no_baseline_sample() -> None:
    assert_told("-400 | ctdna s1 detected | suspected\n 0 | ctdna s2 detected | suspected")


def test_results_that_say_nothing_are_passed_over() -> None:
    assert_told("""
        100 | ctdna s1 detected                       | suspected
        105 | ctdna s2 indeterminate                  | not counted: indeterminate course=-
        106 | ctdna s3 qc_failed                      | not counted: qc_failed
        107 | ctdna s4 cancelled                      | not counted: cancelled
        108 | ctdna s5 not_detected status=preliminary | not counted: status course=-
        109 | ctdna s6 not_detected status=registered | not counted: status
        114 | ctdna s7 detected                       | confirmed
    """)


def test_a_new_local_therapy_ends_a_run_and_answers_its_suspicion() -> None:
    patient = assert_told("""
          0 | enrolled                            |
          0 | surgery t1                          |
        100 | ctdna s1 detected                   | suspected
        101 | surgery t2 round=2                  |
        128 | ctdna s2 detected                   | blackout
        129 | ctdna s3 detected                   | suspected
            | MOLECULAR_RELAPSE_SUSPECTED @100 s1 |
            | CTDNA_POSITIVE_IN_BLACKOUT @128 s2  |
            | MOLECULAR_RELAPSE_SUSPECTED @129 s3 |
    """)
    amended = [notice.said for notice in patient.notices if notice.said.action == "amended"]
    assert [(said.details["resolved_by"], said.details["resolved_on"]) for said in amended] == [
        ("t2", on(101))
    ]


def test_a_sample_of_a_therapys_first_day_is_in_its_blackout() -> None:
    rules = {"ctdna.blackout.surgery": 0}
    assert_told("""
          0 | surgery t1         |
        100 | ctdna s1 detected  | blackout
        100 | surgery t2 round=2 |
        114 | ctdna s2 detected  | suspected
    """, rules)  # fmt: skip


def test_therapies_of_one_day_are_taken_in_the_order_of_their_record_ids() -> None:
    patient = assert_told("""
          0 | enrolled                     |
          0 | surgery t                    |
         60 | ctdna s1 detected            | suspected
         90 | surgery b until=94 round=2   |
         90 | surgery a until=99 round=2   |
    """)
    resolved = patient.timeline()["standing_findings"][0]["details"]["resolved_by"]
    assert resolved == "a"


def test_groups_whose_shown_names_are_the_same_text_are_still_two() -> None:
    assert_told("""
        100 | ctdna s1 detected lab=A/B code=C | suspected group=A/B/C//
        120 | ctdna s2 detected lab=A code=B/C | suspected group=A/B/C//
    """)


def test_the_last_local_therapy_supports_what_samples_say() -> None:
    patient = assert_told("""
          0 | enrolled              |
          0 | surgery t1            |
         20 | ablation t2           |
        100 | ctdna s1 detected     |
        114 | ctdna s2 detected     |
    """)
    for name in ("MOLECULAR_RELAPSE_SUSPECTED", "MOLECULAR_RELAPSE_CONFIRMED"):
        items = patient.last(name).said.evidence
        assert [i.record_id for i in items if i.role == "supporting"] == ["t2"]


def test_groups_run_independently_unless_the_study_pairs_them() -> None:
    story = """
        100 | ctdna s1 detected            | {first}
        105 | ctdna s2 not_detected code=B | {other}
        120 | ctdna s3 detected code=B     | {third}
        121 | ctdna s4 detected            | {last}
    """
    assert_told(
        story.format(first="suspected", other="negative", third="suspected", last="confirmed")
    )
    assert_told(
        story.format(first="suspected", other="not_confirmed", third="suspected", last="positive"),
        {"ctdna.cross_assay_confirm": True},
    )


def test_the_study_may_date_a_relapse_to_the_second_positive() -> None:
    assert_told("""
          0 | enrolled                               |
        100 | ctdna s1 detected                      |
        114 | ctdna s2 detected                      |
            | MOLECULAR_RELAPSE_SUSPECTED @100 s1    |
            | MOLECULAR_RELAPSE_CONFIRMED @114 s1 s2 |
    """, {"ctdna.confirm.date": "second"})  # fmt: skip


def test_samples_of_one_day_are_taken_in_the_order_of_their_record_ids() -> None:
    assert_told("""
        100 | ctdna s2 not_detected | not_confirmed
        100 | ctdna s1 detected     | suspected
    """)
