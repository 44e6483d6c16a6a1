"""Clearance: what arms it, when it is provisional, sustained and lost (rules 2.5 and 4.5)."""

from functools import partial

import pytest

from tests.clinical import table

assert_told = partial(table.assert_told, about={
    "CTDNA_CLEARANCE_PROVISIONAL", "CTDNA_CLEARANCE_SUSTAINED", "CTDNA_CLEARANCE_LOST",
})  # fmt: skip


def test_a_confirmed_run_that_ends_is_cleared_by_its_negative() -> None:
    assert_told("""
          0 | enrolled                           |
        100 | ctdna s1 detected                  | suspected
        120 | ctdna s2 detected                  | confirmed
        140 | ctdna s3 not_detected              | clearance_provisional counted=True
            | CTDNA_CLEARANCE_PROVISIONAL @140 s3 |
    """)


def test_a_suspicion_that_is_not_confirmed_clears_nothing() -> None:
    assert_told("""
          0 | enrolled              |
        100 | ctdna s1 detected     | suspected
        140 | ctdna s2 not_detected | not_confirmed
        240 | ctdna s3 not_detected | negative
            | nothing               |
    """)


def test_a_run_gone_stale_clears_nothing() -> None:
    assert_told("""
          0 | enrolled              |
        100 | ctdna s1 detected     | suspected
        221 | ctdna s2 detected     | suspected
        231 | ctdna s3 not_detected | not_confirmed
            | nothing               |
    """)


@pytest.mark.parametrize(("call", "course"), [("detected", "clearance_provisional"),
                                              ("not_detected", "negative"),
                                              ("indeterminate", "negative")])  # fmt: skip
def test_a_baseline_positive_arms(call: str, course: str) -> None:
    assert_told(f"""
          0 | surgery t             |
         -1 | ctdna s0 {call}       | baseline
         28 | ctdna s1 not_detected | {course}
    """)


def test_a_baseline_negative_after_the_positive_does_not_disarm() -> None:
    assert_told("""
          0 | enrolled                           |
          0 | surgery t                          |
        -20 | ctdna s0 detected                  | baseline
         -1 | ctdna s1 not_detected              | baseline
         28 | ctdna s2 not_detected              | clearance_provisional
            | CTDNA_CLEARANCE_PROVISIONAL @28 s2 |
    """)


def test_what_is_not_final_or_in_a_blackout_neither_arms_nor_clears() -> None:
    assert_told("""
          0 | enrolled                                |
          0 | surgery t                               |
         -1 | ctdna s0 detected status=preliminary    | baseline
          5 | ctdna s1 detected                       | blackout
         28 | ctdna s2 not_detected                   | negative
            | nothing                                 |
    """)
    assert_told("""
          0 | enrolled                                |
          0 | surgery t                               |
         -1 | ctdna s0 detected                       | baseline
         27 | ctdna s1 not_detected                   | blackout
         30 | ctdna s2 not_detected status=preliminary | not counted: status
         31 | ctdna s3 indeterminate                  | not counted: indeterminate
            | nothing                                 |
    """)


@pytest.mark.parametrize(("span", "course"), [(27, "negative"), (28, "clearance_sustained")])
def test_the_span_that_sustains(span: int, course: str) -> None:
    assert_told(f"""
          0         | surgery t             |
         -1         | ctdna s0 detected     | baseline
         50         | ctdna s1 not_detected | clearance_provisional
         {50 + span} | ctdna s2 not_detected | {course}
    """)


def test_the_span_counts_from_the_first_negative_and_is_told_once() -> None:
    assert_told("""
          0 | enrolled                              |
          0 | surgery t                             |
         -1 | ctdna s0 detected                     | baseline
         50 | ctdna s1 not_detected                 | clearance_provisional
         64 | ctdna s2 not_detected                 | negative
         78 | ctdna s3 not_detected                 | clearance_sustained
        150 | ctdna s4 not_detected                 | negative
            | CTDNA_CLEARANCE_PROVISIONAL @50 s1    |
            | CTDNA_CLEARANCE_SUSTAINED @50 s1 s3   |
    """)


def test_a_study_may_ask_for_more_negatives_and_a_longer_span() -> None:
    story = """
          0 | surgery t             |
         -1 | ctdna s0 detected     | baseline
         50 | ctdna s1 not_detected | clearance_provisional
         90 | ctdna s2 not_detected | {second}
        100 | ctdna s3 not_detected | {third}
        140 | ctdna s4 not_detected | {fourth}
    """
    sustained = "clearance_sustained"
    assert_told(story.format(second=sustained, third="negative", fourth="negative"))
    assert_told(story.format(second="negative", third=sustained, fourth="negative"),
         {"ctdna.clearance.n": 3})  # fmt: skip
    assert_told(story.format(second="negative", third="negative", fourth=sustained),
         {"ctdna.clearance.n": 4})  # fmt: skip
    assert_told(story.format(second="negative", third=sustained, fourth="negative"),
         {"ctdna.clearance.min_span": 50})  # fmt: skip
    assert_told(story.format(second="negative", third="negative", fourth=sustained),
         {"ctdna.clearance.min_span": 51})  # fmt: skip


def test_a_positive_loses_a_clearance_and_disarms() -> None:
    assert_told("""
          0 | enrolled                             |
          0 | surgery t                            |
         -1 | ctdna s0 detected                    | baseline
         50 | ctdna s1 not_detected                | clearance_provisional
         80 | ctdna s2 not_detected                | clearance_sustained
         90 | ctdna s3 detected                    | suspected
         95 | ctdna s4 not_detected                | not_confirmed
        195 | ctdna s5 not_detected                | negative
        200 | ctdna s6 detected                    | suspected
            | CTDNA_CLEARANCE_PROVISIONAL @50 s1   |
            | CTDNA_CLEARANCE_SUSTAINED @50 s1 s2  |
            | CTDNA_CLEARANCE_LOST @90 s3          |
    """)


def test_a_run_that_ends_confirmed_arms_again() -> None:
    assert_told("""
          0 | enrolled                            |
          0 | surgery t                           |
         -1 | ctdna s0 detected                   | baseline
         50 | ctdna s1 not_detected               | clearance_provisional
         60 | ctdna s2 detected                   | suspected
         80 | ctdna s3 detected                   | confirmed
         90 | ctdna s4 not_detected               | clearance_provisional
        117 | ctdna s5 not_detected               | negative
        118 | ctdna s6 not_detected               | clearance_sustained
            | CTDNA_CLEARANCE_PROVISIONAL @50 s1  |
            | CTDNA_CLEARANCE_LOST @60 s2         |
            | CTDNA_CLEARANCE_PROVISIONAL @90 s4  |
            | CTDNA_CLEARANCE_SUSTAINED @90 s4 s6 |
    """)


def test_a_run_that_starts_before_anything_was_cleared_leaves_tracking_armed() -> None:
    assert_told("""
          0 | enrolled                           |
          0 | surgery t                          |
         -1 | ctdna s0 detected                  | baseline
         40 | ctdna s1 detected                  | suspected
         50 | ctdna s2 not_detected              | clearance_provisional
            | CTDNA_CLEARANCE_PROVISIONAL @50 s2 |
    """)


@pytest.mark.parametrize("members", ["", "80 | ctdna s2 detected |"])
def test_a_local_therapy_that_ends_a_run_arms(members: str) -> None:
    assert_told(f"""
          0 | enrolled                            |
          0 | surgery t1                          |
         60 | ctdna s1 detected                   | suspected
         {members}
         90 | surgery t2 round=2                  |
        118 | ctdna s3 not_detected               | clearance_provisional
            | CTDNA_CLEARANCE_PROVISIONAL @118 s3 |
    """)


def test_a_therapy_without_a_run_changes_nothing() -> None:
    assert_told("""
          0 | surgery t1            |
         60 | ctdna s1 not_detected | negative
         90 | surgery t2 round=2    |
        118 | ctdna s2 not_detected | negative
    """)
    assert_told("""
          0 | enrolled                             |
          0 | surgery t1                           |
         -1 | ctdna s0 detected                    | baseline
         60 | ctdna s1 not_detected                | clearance_provisional
         61 | surgery t2 round=2                   |
         89 | ctdna s2 not_detected                | clearance_sustained
            | CTDNA_CLEARANCE_PROVISIONAL @60 s1   |
            | CTDNA_CLEARANCE_SUSTAINED @60 s1 s2  |
    """)


def test_a_negative_in_one_group_clears_nothing_in_another() -> None:
    story = """
          0 | surgery t                    |
         -1 | ctdna s0 detected            | baseline
         40 | ctdna s1 not_detected code=B | {other}
         50 | ctdna s2 not_detected        | {own}
         70 | ctdna s3 not_detected code=B | {last}
    """
    assert_told(story.format(other="negative", own="clearance_provisional", last="negative"))
    assert_told(
        story.format(other="clearance_provisional", own="negative", last="clearance_sustained"),
        {"ctdna.cross_assay_confirm": True},
    )


def test_what_supports_a_clearance() -> None:
    patient = assert_told("""
          0 | enrolled              |
          0 | surgery t             |
         -1 | ctdna s0 detected     |
         50 | ctdna s1 not_detected |
         80 | ctdna s2 not_detected |
         90 | ctdna s3 detected     |
    """)
    expected = {"PROVISIONAL": ["s0"], "SUSTAINED": ["s0"], "LOST": ["s1"]}
    for name, supporting in expected.items():
        said = patient.last(f"CTDNA_CLEARANCE_{name}").said
        assert [i.record_id for i in said.evidence if i.role == "supporting"] == supporting
        assert said.severity == ("medium" if name == "LOST" else "info")
        assert said.details == {}
