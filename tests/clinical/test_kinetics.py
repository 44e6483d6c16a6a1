"""Rising ctDNA on both sides of every threshold (rules 2.9, 4.5)."""

import pytest

from tests.clinical.rises import rises, run, triggers


@pytest.mark.parametrize(
    ("value", "found"),
    [("0.999999999999", []), ("1", ["FOLD s1 s2"]), ("0.6", []), ("7", ["FOLD s1 s2"])],
)
def test_the_fold_is_inclusive(value: str, found: list[str]) -> None:
    assert triggers(run((100, "0.5"), (101, value))) == found


def test_the_fold_is_a_parameter_and_exact() -> None:
    story = run((100, "0.3"), (110, "0.9"))
    assert triggers(story, ctdna__rise__fold="3.0") == ["FOLD s1 s2"]
    assert triggers(story, ctdna__rise__fold="3.000000000001") == []


def test_the_fold_is_over_the_lowest_earlier_member_of_the_run() -> None:
    assert triggers(run((100, "4"), (110, "1"), (120, "1.5"), (130, "2"), (140, "1.9"))) == [
        "FOLD s2 s4"
    ]


def test_of_equal_lowest_members_the_first_is_the_evidence() -> None:
    assert triggers(run((100, "1"), (110, "1"), (120, "2"))) == ["FOLD s1 s3"]


def test_every_sample_that_rises_makes_its_own_finding() -> None:
    assert triggers(run((100, "1"), (110, "2"), (120, "3"))) == ["FOLD s1 s2", "FOLD s1 s3"]


def test_an_unconfirmed_run_rises_too_and_another_run_starts_anew() -> None:
    story = """
        100 | ctdna s1 detected value=1                   | suspected
        105 | ctdna s2 detected value=2                   | positive
        110 | ctdna s3 not_detected                       | not_confirmed
        120 | ctdna s4 detected value=4                   | suspected
    """
    assert triggers(story) == ["FOLD s1 s2"]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("ci=0.8..1.5", "ci=1.5..2.5", []),
        ("ci=0.8..1.5", "ci=1.500000000001..2.5", ["FOLD s1 s2"]),
        ("ci=0.8..1.5", "", ["FOLD s1 s2"]),
        ("", "ci=0.1..9", ["FOLD s1 s2"]),
    ],
)
def test_confidence_intervals_must_be_apart_where_both_are_known(
    before: str, after: str, found: list[str]
) -> None:
    assert triggers(f"""
        100 | ctdna s1 detected value=1 {before} |
        110 | ctdna s2 detected value=2 {after}  |
    """) == found  # fmt: skip


def test_without_intervals_apart_a_trend_may_still_be_seen() -> None:
    assert triggers("""
        100 | ctdna s1 detected value=1 ci=0.5..9     |
        121 | ctdna s2 detected value=1.5 ci=0.5..9   |
        142 | ctdna s3 detected value=2 ci=0.5..9     |
    """) == ["TREND s1 s3"]


@pytest.mark.parametrize(("last", "found"), [(141, []), (142, ["TREND s1 s3"])])
def test_the_span_of_a_trend(last: int, found: list[str]) -> None:
    assert triggers(run((100, "1"), (121, "1.4"), (last, "1.9"))) == found


def test_the_span_is_that_of_the_last_points() -> None:
    early = run((0, "1.4"), (100, "1"), (121, "1.4"))
    assert triggers(early + "\n141 | ctdna s9 detected value=1.9 |") == []
    assert triggers(early + "\n142 | ctdna s9 detected value=1.9 |") == []
    rising = run((58, "1"), (100, "1.5"), (121, "1.8"))
    assert triggers(rising + "\n141 | ctdna s9 detected value=1.9 |") == ["TREND s1 s3"]
    assert triggers(rising + "\n142 | ctdna s9 detected value=1.9 |") == [
        "TREND s1 s3",
        "TREND s2 s9",
    ]


@pytest.mark.parametrize("values", [("1", "1", "1.9"), ("1.4", "1.3", "1.9"), ("1", "1.9", "1.9")])
def test_a_trend_rises_strictly(values: tuple[str, str, str]) -> None:
    assert triggers(run(*zip((100, 130, 160), values, strict=True))) == []


@pytest.mark.parametrize(
    ("days", "found"),
    [((0, 45, 90), ["TREND s1 s3"]), ((0, 46, 91), []), ((0, 45, 91), [])],
)
def test_a_trend_doubles_within_90_days(days: tuple[int, int, int], found: list[str]) -> None:
    # 1 -> 1.414... -> 2 doubles in 90 days; the fold is out of reach here
    values = ("1", "1.414213562373", "2")
    amounts = [(100 + day, value) for day, value in zip(days, values, strict=True)]
    assert triggers(run(*amounts), ctdna__rise__fold="100") == found


def test_exact_doubling_is_on_the_threshold_not_beside_it() -> None:
    story = run((100, "0.1"), (190, "0.2"), (280, "0.4"), (370, "0.8"))
    assert triggers(story, ctdna__rise__fold="100") == ["TREND s1 s3", "TREND s2 s4"]
    assert triggers(story, ctdna__rise__fold="100", ctdna__rise__trend__max_dt=89) == []


def test_the_doubling_time_is_fitted_over_the_whole_run() -> None:
    # the last three alone double in 30 days, all four much more slowly
    story = run((0, "8"), (100, "1"), (130, "2"), (160, "4"))
    assert rises(story, ctdna__rise__fold="100") == []
    assert rises(story)[-1] == (
        "s2 s4",
        "medium",
        {"trigger": "FOLD", "fast": False, "doubling_time_days": None},
    )


@pytest.mark.parametrize(
    ("days", "fast", "severity", "doubling"),
    [
        ((0, 30, 60), True, "high", "30.0"),
        ((0, 30, 61), False, "medium", "30.5"),
        ((0, 20, 41), False, "medium", None),
        ((0, 21, 42), True, "high", "21.0"),
    ],
)
def test_fast_is_a_doubling_in_30_days_over_at_least_42(
    days: tuple[int, int, int],
    fast: bool,  # noqa: FBT001
    severity: str,
    doubling: str | None,
) -> None:
    amounts = [(100 + day, value) for day, value in zip(days, ("1", "2", "4"), strict=True)]
    ids, found, details = rises(run(*amounts))[-1]
    assert (ids, found) == ("s1 s3", severity)
    assert details == {"trigger": "FOLD", "fast": fast, "doubling_time_days": doubling}


def test_two_points_give_a_direction_and_no_rate() -> None:
    assert rises(run((100, "1"), (200, "64"))) == [
        ("s1 s2", "medium", {"trigger": "FOLD", "fast": False, "doubling_time_days": None})
    ]


def test_a_trend_may_be_fast_as_well() -> None:
    story = run((100, "1"), (121, "1.5"), (142, "1.99"))
    assert rises(story, ctdna__rise__fast_dt=43)[0][1:] == (
        "high",
        {"trigger": "TREND", "fast": True, "doubling_time_days": "42.3"},
    )
    assert rises(story, ctdna__rise__fast_dt=42)[0][1] == "medium"


def test_a_run_that_does_not_rise_over_all_has_no_doubling_time() -> None:
    level = rises(run((100, "2"), (130, "1"), (160, "2")))
    assert level[0][2] == {"trigger": "FOLD", "fast": False, "doubling_time_days": None}
    falling = rises(run((100, "9"), (130, "1"), (160, "2")))
    assert falling[0][2]["doubling_time_days"] is None


def test_the_points_of_a_trend_are_a_parameter() -> None:
    story = run((100, "1"), (121, "1.2"), (142, "1.4"), (163, "1.7"))
    assert triggers(story) == ["TREND s1 s3", "TREND s2 s4"]
    assert triggers(story, ctdna__rise__trend__points=4) == ["TREND s1 s4"]
    assert triggers(story, ctdna__rise__trend__points=4, ctdna__rise__trend__min_span=64) == []
