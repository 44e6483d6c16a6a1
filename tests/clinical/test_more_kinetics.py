"""More rows of doubling times (clinical rules 2.9): what rounding may and may not hide."""

import pytest

from tests.clinical.rises import rises, run
from tests.clinical.table import assert_told


@pytest.mark.parametrize(
    ("amounts", "fast", "days"),
    [
        # No slope at all, of which the sums of logarithms leave a last digit.
        (((100, "3"), (121, "1"), (142, "3")), False, None),
        (((100, "2"), (124, "1"), (148, "2")), False, None),
        (((100, "5"), (129, "1"), (158, "5")), False, None),
        # A slope so small that it would take 16,000 years.
        (((100, "2"), (121, "1"), (142, "2.00001")), False, "5822450.9"),
        # Exactly 30 days are fast, 30.02 days are not.
        (((100, "1"), (130, "2"), (160, "4")), True, "30.0"),
        (((100, "1"), (130, "1.99908"), (160, "3.99631")), False, "30.0"),
    ],
)
def test_the_doubling_time(
    amounts: tuple[tuple[int, str], ...],
    fast: bool,  # noqa: FBT001 - a row's answer
    days: str | None,
) -> None:
    _, severity, details = rises(run(*amounts))[-1]
    assert details == {"trigger": "FOLD", "fast": fast, "doubling_time_days": days}
    assert severity == ("high" if fast else "medium")


def test_the_interval_of_the_latest_sample_is_the_one_that_must_be_apart() -> None:
    story = """
        100 | ctdna s1 detected value=1 ci=0.8..1.2   |
        110 | ctdna s2 detected value=1.5 ci=1.3..1.7 |
        120 | ctdna s3 detected value=2 ci={ends}     |
    """
    assert rises(story.format(ends="1.2..3.0")) == []
    assert len(rises(story.format(ends="1.21..3.0"))) == 1


def test_samples_of_one_day_have_no_doubling_time() -> None:
    at_once = run((100, "1"), (100, "2"), (100, "4"))
    assert [row[2] for row in rises(at_once, ctdna__rise__trend__min_span=0)] == [
        {"trigger": "FOLD", "fast": False, "doubling_time_days": None}
    ] * 2


def supporting(story: str, finding: str) -> list[str]:
    patient = assert_told(f"0 | enrolled |\n{story}")
    return [item.record_id for item in patient.last(finding).said.evidence
            if item.role == "supporting"]  # fmt: skip


def test_what_lies_between_supports_a_trend_and_no_fold() -> None:
    fold = run((100, "1"), (120, "1.5"), (142, "2"))
    trend = run((100, "1"), (121, "1.3"), (142, "1.8"))
    assert supporting(fold, "RISING_CTDNA") == []
    assert supporting(trend, "RISING_CTDNA") == ["s2"]


def test_the_unit_is_compared_with_that_of_the_sample_before() -> None:
    other = f"{run((100, '1'), (110, '1.5'))}\n 120 | ctdna s3 detected value=9:MTM_PER_ML |"
    assert supporting(other, "UNIT_NOT_COMPARABLE") == ["s2"]
