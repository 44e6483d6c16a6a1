"""What is overdue, in words (clinical rules 4.1)."""

import pytest

from tests.clinical.clock_table import clocked


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ("ctdna s detected status=preliminary", "The ctDNA result of the sample of 2025-04-11 "),
        ("read r status=registered no-targets", "The read of the scan of 2025-04-11 "),
    ],
)
def test_an_overdue_result_says_what_it_is(record: str, words: str) -> None:
    patient = clocked(f"0 enrolled; 100 {record}; 200 closed")
    said = [one.said.explanation for one in patient.notices if one.said.details["kind"] == "result"]
    assert len(said) == 1
    assert said[0].startswith(words)
