"""Which values of a run compare, and units that end its kinetics (rules 2.2, 2.3, 4.5)."""

import pytest

from tests.clinical import table
from tests.clinical.rises import assert_told, rises, triggers


@pytest.mark.parametrize(
    ("first", "found"),
    [
        ("value=0", []),
        ("value=0.1 lod=0.2", []),
        ("value=0.2 lod=0.2", ["FOLD s1 s2"]),
        ("value=<0.2", []),
        ("value=<=0.2", []),
        ("value=>0.2", ["FOLD s1 s2"]),
        ("value=0.1 lod=0.002:VAF_FRACTION", []),
        ("value=0.2 lod=0.002:VAF_FRACTION", ["FOLD s1 s2"]),
        ("value=0.1 lod=5:COPIES_PER_ML", ["FOLD s1 s2"]),
        ("", []),
    ],
)
def test_only_quantified_members_count(first: str, found: list[str]) -> None:
    assert triggers(f"100 | ctdna s1 detected {first} |\n 110 | ctdna s2 detected value=9 |") == (
        found
    )


def test_what_is_not_quantified_is_passed_over() -> None:
    assert_told("""
          0 | enrolled                                              |
        100 | ctdna s1 detected value=1                             |
        110 | ctdna s2 detected value=0.001 lod=0.01                |
        120 | ctdna s3 detected value=0.1:MTM_PER_ML lod=1:MTM_PER_ML |
        130 | ctdna s4 detected value=1.9                           |
        140 | ctdna s5 detected value=2                             |
            | RISING_CTDNA @140 s1 s5                               |
    """)


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("1:VAF_PCT", "0.02:VAF_FRACTION", "RISING_CTDNA @110 s1 s2"),
        ("1:VAF_PCT", "0.0199:VAF_FRACTION", "nothing"),
        ("0.01:VAF_FRACTION", "2", "RISING_CTDNA @110 s1 s2"),
        ("1:COPIES_PER_ML", "2:HGE_PER_ML", "RISING_CTDNA @110 s1 s2"),
        ("1:HGE_PER_ML", "1.99:COPIES_PER_ML", "nothing"),
        ("1:PPM", "2:PPM", "RISING_CTDNA @110 s1 s2"),
        ("1:PPM", "2:VAF_PCT", "UNIT_NOT_COMPARABLE @110 s2"),
        ("1:VAF_PCT", "30:COPIES_PER_ML", "UNIT_NOT_COMPARABLE @110 s2"),
        ("1:MTM_PER_ML", "2:COPIES_PER_ML", "UNIT_NOT_COMPARABLE @110 s2"),
        ("1:TF_PCT", "2:VAF_PCT", "UNIT_NOT_COMPARABLE @110 s2"),
        ("1:TF_PCT", "2:TF_PCT", "RISING_CTDNA @110 s1 s2"),
    ],
)
def test_which_units_compare(first: str, second: str, found: str) -> None:
    assert_told(f"""
          0 | enrolled                         |
        100 | ctdna s1 detected value={first}  |
        110 | ctdna s2 detected value={second} |
            | {found}                          |
    """)


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        # 0.1 % of 10 ng/mL are 1 / 0.33 = 3.03 copies/mL
        ("0.1 cfdna=10", "6.06:COPIES_PER_ML", "nothing"),
        ("0.1 cfdna=10", "6.07:COPIES_PER_ML", "RISING_CTDNA @110 s1 s2"),
        ("0.33 cfdna=10", "20:COPIES_PER_ML", "RISING_CTDNA @110 s1 s2"),
        ("0.33 cfdna=10", "19.999999999999:HGE_PER_ML", "nothing"),
        ("10:COPIES_PER_ML", "0.0066:VAF_FRACTION cfdna=10", "RISING_CTDNA @110 s1 s2"),
        ("10:COPIES_PER_ML", "0.0065:VAF_FRACTION cfdna=10", "nothing"),
        ("0.1", "6:COPIES_PER_ML cfdna=10", "UNIT_NOT_COMPARABLE @110 s2"),
        ("0.1 cfdna=0", "6:COPIES_PER_ML", "UNIT_NOT_COMPARABLE @110 s2"),
        # allele frequencies are compared as such, whatever the cfDNA
        ("0.1 cfdna=10", "0.2 cfdna=1", "RISING_CTDNA @110 s1 s2"),
        ("0.1 cfdna=1", "0.19 cfdna=100", "nothing"),
        ("1:MTM_PER_ML cfdna=10", "2:COPIES_PER_ML cfdna=10", "UNIT_NOT_COMPARABLE @110 s2"),
    ],
)
def test_an_allele_frequency_becomes_copies_where_the_cfdna_is_known(
    first: str, second: str, found: str
) -> None:
    assert_told(f"""
          0 | enrolled                         |
        100 | ctdna s1 detected value={first}  |
        110 | ctdna s2 detected value={second} |
            | {found}                          |
    """)


def test_converted_intervals_and_rates() -> None:
    story = """
        100 | ctdna s1 detected value=0.33 cfdna=10 ci=0.2..0.5         |
        130 | ctdna s2 detected value=20:COPIES_PER_ML ci={low}..40     |
        160 | ctdna s3 detected value=1.32 cfdna=10 ci=1.2..1.4         |
    """
    # 0.5 % of 10 ng/mL are 15.15 copies/mL
    assert triggers(story.format(low="15.16")) == ["FOLD s1 s2", "FOLD s1 s3"]
    assert triggers(story.format(low="15.15")) == ["FOLD s1 s3"]
    assert rises(story.format(low="15.15"))[0][2] == {
        "trigger": "FOLD", "fast": True, "doubling_time_days": "30.0",
    }  # fmt: skip


def test_a_unit_that_all_earlier_members_cannot_be_told_in_does_not_compare() -> None:
    assert_told("""
          0 | enrolled                                  |
        100 | ctdna s1 detected value=1                 |
        110 | ctdna s2 detected value=1 cfdna=10        |
        120 | ctdna s3 detected value=99:COPIES_PER_ML  |
            | UNIT_NOT_COMPARABLE @120 s3               |
    """)


def test_an_unlike_unit_ends_kinetics_for_the_run_once_and_the_calls_go_on() -> None:
    assert_told("""
          0 | enrolled                                  |
        100 | ctdna s1 detected value=1                 | suspected
        110 | ctdna s2 detected value=9:MTM_PER_ML      | positive
        120 | ctdna s3 detected value=9                 | confirmed
        125 | ctdna s4 detected value=99:PPM            | positive
        130 | ctdna s5 not_detected value=0             | clearance_provisional
        140 | ctdna s6 detected value=1:MTM_PER_ML      | suspected
        150 | ctdna s7 detected value=2:MTM_PER_ML      | positive
            | UNIT_NOT_COMPARABLE @110 s2               |
            | RISING_CTDNA @150 s6 s7                   |
    """)


def test_a_unit_of_a_sample_that_is_not_quantified_ends_nothing() -> None:
    assert_told("""
          0 | enrolled                                  |
        100 | ctdna s1 detected value=1                 |
        110 | ctdna s2 detected value=<9:MTM_PER_ML     |
        120 | ctdna s3 detected value=2                 |
            | RISING_CTDNA @120 s1 s3                   |
    """)


def test_across_assays_only_values_of_one_group_are_compared() -> None:
    assert_told("""
          0 | enrolled                                        |
        100 | ctdna s1 detected value=1                       | suspected
        110 | ctdna s2 detected value=9:MTM_PER_ML code=B     | positive
        120 | ctdna s3 detected value=9:PPM code=B            | confirmed
        130 | ctdna s4 detected value=2                       | positive
        140 | ctdna s5 detected value=99:MTM_PER_ML code=B    | positive
            | UNIT_NOT_COMPARABLE @120 s3                     |
            | RISING_CTDNA @130 s1 s4                         |
    """, {"ctdna.cross_assay_confirm": True})  # fmt: skip


def test_a_correction_moves_a_rise() -> None:
    patient = assert_told("""
          0 | enrolled                 |
        100 | ctdna s1 detected value=4 |
        120 | ctdna s2 detected value=5 |
            | nothing                  |
    """)
    late = "110 | ctdna s3 detected value=2 |"
    patient.tell_all(table.parsed(late).facts)
    assert "RISING_CTDNA @120 s3 s2" in patient.standing()
    (again,) = table.parsed(late).facts
    assert "withdrawn RISING_CTDNA" in patient.tell(again.gone(2))


def test_what_supports_a_trend() -> None:
    patient = assert_told("""
          0 | enrolled                    |
        100 | ctdna s1 detected value=1   |
        121 | ctdna s2 detected value=1.4 |
        142 | ctdna s3 detected value=1.9 |
            | RISING_CTDNA @142 s1 s3     |
    """)
    items = patient.last("RISING_CTDNA").said.evidence
    assert [(item.record_id, item.role) for item in items] == [
        ("s1", "identifying"),
        ("s3", "identifying"),
        ("s2", "supporting"),
    ]
