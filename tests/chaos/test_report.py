"""The report fails a run that was too slow, measured nothing, or broke a promise in any part."""

from collections.abc import Sequence

import pytest

from tests.chaos.__main__ import arguments
from tests.chaos.campaign import Overcome
from tests.chaos.checker import Kind, Violation
from tests.chaos.report import Report


def took(kind: str, *seconds: float, made: bool = True, again: int = 12) -> list[Overcome]:
    """Faults of one kind, and how long after each the work went on."""
    return [Overcome(kind, 0.0, 1.0, one, "", None, made, again) for one in seconds]


def closed(some: Sequence[Overcome], *words: str) -> Report:
    report = Report(arguments(words))
    for one in some:
        report.add_mended(one, [])
    report.close()
    return report


IN_TIME = took("worker killed", 9.0, 9.0, 9.0, 9.0, 14.0) + took("worker asked to end", 1.5)


def test_takeovers_in_time_are_well() -> None:
    assert closed(IN_TIME).failures == []


@pytest.mark.parametrize(
    ("more", "failure"),
    [
        (took("worker killed at polled", 16.0), "takeover after SIGKILL: p99 16.0 s, not 15 s"),
        (took("worker killed", *[11.0] * 9), "takeover after SIGKILL: p50 11.0 s, not 10 s"),
        (took("worker asked to end", 3.0), "takeover after SIGTERM: p99 3.0 s, not 2 s"),
    ],
)
def test_a_takeover_that_takes_too_long_fails(more: list[Overcome], failure: str) -> None:
    assert closed(IN_TIME + more).failures == [failure]


def test_a_takeover_that_was_not_measured_fails_a_run_of_all_kinds() -> None:
    only_tried = took("worker killed at polled", 40.0, made=False)
    missing = [f"no takeover after {name} was measured" for name in ("SIGKILL", "SIGTERM")]
    assert closed(only_tried).failures == missing
    assert closed(only_tried, "--only", "worker killed at polled").failures == []


def test_kills_that_hit_nothing_fail_a_run_of_all_kinds() -> None:
    idle = took("worker killed", 9.0, 9.0, again=0) + took("worker asked to end", 1.5)
    assert closed(idle).failures == ["no kill left anything to come again"]
    assert closed(idle, "--only", "worker killed").failures == []
    some = closed(idle + took("worker killed", 9.0, again=7))
    assert some.facts["kills that left deliveries to come again"] == 1
    assert some.failures == []


def test_what_an_operators_step_lost_is_counted() -> None:
    report = Report(arguments(["--only", "topic made again"]))
    done = Overcome("topic made again", 0.0, 1.0, 2.0, "", "1 violations: lost: a")
    report.add_mended(done, [Violation(Kind.LOST, "a")])
    report.close()
    assert report.facts["lost"] == 1
    assert report.failures == ["topic made again: 1 violations: lost: a"]


def test_a_difference_in_the_programs_own_audit_fails() -> None:
    report = Report(arguments([]))
    report.add_audit(0)
    assert report.failures == []
    report.add_audit(1)
    assert report.failures == ["main: monitor audit --all ended with 1"]


def test_a_kind_of_fault_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(["--only", "worker kiled"])
    assert "worker killed at polled" in capsys.readouterr().err
