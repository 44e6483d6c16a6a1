"""RELAPSE or PERSISTENCE: the pattern of a suspicion (rules 2.5)."""

from functools import partial

import pytest

from tests.clinical import table
from tests.clinical.facts import on

assert_told = partial(table.assert_told, about=table.CTDNA)


def test_the_pattern_of_a_suspicion() -> None:
    story = """
          0 | enrolled          |
          0 | surgery t1        |
          5 | ctdna s0 {early}  | blackout
         30 | ctdna s1 {first}  |
         60 | ctdna s2 detected |
    """
    for early, first, pattern, suspected in (
        ("not_detected", "not_detected", "RELAPSE", "s2"),
        ("not_detected", "indeterminate", "PERSISTENCE", "s2"),
        ("detected", "detected", "PERSISTENCE", "s1"),
    ):
        said = (
            assert_told(story.format(early=early, first=first))
            .last("MOLECULAR_RELAPSE_SUSPECTED")
            .said
        )
        assert said.details["pattern"] == pattern
        assert said.evidence[0].record_id == suspected


def test_a_negative_before_a_later_therapy_is_no_relapse() -> None:
    patient = assert_told("""
          0 | enrolled              |
          0 | surgery t1            |
         40 | ctdna s1 not_detected | negative
         50 | surgery t2 round=2    |
         90 | ctdna s2 detected     | suspected
    """)
    assert patient.last("MOLECULAR_RELAPSE_SUSPECTED").said.details == {
        "pattern": "PERSISTENCE",
        "redraw_from": on(104),
        "redraw_until": on(118),
    }


@pytest.mark.parametrize(
    ("negative", "positive", "pattern"),
    [(10, 11, "RELAPSE"), (10, 10, "RELAPSE"), (-5, 10, "RELAPSE"), (-5, 11, "PERSISTENCE")],
)
def test_the_pattern_where_the_last_therapy_day_is_no_blackout(
    negative: int, positive: int, pattern: str
) -> None:
    patient = assert_told(f"""
          0         | enrolled                 |
         -90        | surgery t1 until=-90     |
          0         | surgery t2 until=10 round=2 |
         {negative} | ctdna s1 not_detected    | negative
         {positive} | ctdna s2 detected        | suspected
    """, {"ctdna.blackout.surgery": 0})  # fmt: skip
    said = patient.last("MOLECULAR_RELAPSE_SUSPECTED").said
    assert said.details["pattern"] == pattern
