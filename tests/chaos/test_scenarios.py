"""The catalogue is whole: every scenario is tried or says why not, every fault tries one."""

import random
from itertools import islice

import pytest

from tests.chaos.campaign import (
    FAULTS,
    FIRST,
    STILL_S,
    WEIGHTS,
    WITHIN_S,
    Overcome,
    plan,
    standstill,
)
from tests.chaos.checker.evidence import Sample
from tests.chaos.runbooks import STEPS
from tests.chaos.scenarios import SCENARIOS, STREAM
from tests.chaos.verdicts import verdicts

KINDS = FAULTS.keys() | STEPS.keys()


def test_there_are_thirty_six() -> None:
    assert list(SCENARIOS) == list(range(1, 37))


@pytest.mark.parametrize("number", SCENARIOS)
def test_each_is_tried_or_says_why_not(number: int) -> None:
    scenario = SCENARIOS[number]
    assert scenario.kinds or scenario.why_not
    assert set(scenario.kinds) <= KINDS | {STREAM}


def test_each_fault_tries_a_scenario() -> None:
    assert {kind for one in SCENARIOS.values() for kind in one.kinds} - {STREAM} == KINDS
    assert WEIGHTS.keys() | WITHIN_S.keys() | STILL_S.keys() <= FAULTS.keys()


def test_a_plan_has_every_kind_before_any_comes_twice_and_follows_from_its_seed() -> None:
    kinds = list(FAULTS)
    drawn = list(islice(plan(random.Random(7), kinds), 3 * len(kinds)))
    assert tuple(drawn[: len(FIRST)]) == FIRST
    assert sorted(drawn[: len(kinds)]) == sorted(kinds)
    assert drawn == list(islice(plan(random.Random(7), kinds), 3 * len(kinds)))


def test_a_standstill_is_counted_only_while_something_waits() -> None:
    #            at, recorded, fed
    told = ((0, 5, 9), (1, 5, 12), (4, 5, 12), (5, 12, 12), (9, 12, 12), (10, 12, 13), (12, 13, 13))
    samples = [Sample(at, recorded, 0, fed, 0, False) for at, recorded, fed in told]
    assert standstill(samples, 0, 12) == 4
    assert standstill(samples, 4, 12) == 1
    assert standstill(samples[:1], 0, 12) == 0


def overcome(kind: str, failed: str | None = None, *, made: bool = True) -> Overcome:
    return Overcome(kind, 0.0, 1.0, 2.0, "", failed, made)


def test_a_scenario_passes_fails_or_was_not_run() -> None:
    tried = [overcome("worker killed"), overcome("worker frozen", "a word")]
    lines = list(verdicts(tried, (), checked=True, violated=False))
    assert lines[0].startswith(" 1 pass (1 times)")
    assert lines[3].startswith(" 4 FAIL (a word)")
    assert lines[4].startswith(" 5 not run (not reached in this time)")
    assert lines[17].startswith("18 not run (the monitor has neither")
    assert lines[20].startswith("21 pass")


def test_a_violation_fails_whatever_was_tried() -> None:
    lines = list(verdicts([overcome("worker killed")], (), checked=True, violated=True))
    assert lines[0].startswith(" 1 FAIL (see the violations)")
    assert lines[4].startswith(" 5 not run")
    assert lines[20].startswith("21 FAIL (see the violations)")


def test_a_kind_that_is_missing_is_named_and_one_that_was_not_made_tries_nothing() -> None:
    some = [overcome("broker killed"), overcome("leader killed", made=False)]
    some.append(overcome("worker killed", made=False))
    lines = list(verdicts(some, (), checked=False, violated=False))
    assert lines[4].startswith(" 5 in part (1 times, without: leader killed)")
    assert lines[0].startswith(" 1 not run (not reached in this time)")


def test_a_reason_is_given_only_where_nothing_of_a_scenario_can_be_made() -> None:
    lines = list(verdicts([], {"disk of the database full"}, checked=False, violated=False))
    assert lines[14].startswith("15 not run (a file system of its own needs root")
    assert lines[28].startswith("29 not run (not reached in this time)")


def test_the_stream_passes_only_where_it_was_checked() -> None:
    lines = list(verdicts([], (), checked=False, violated=False))
    assert lines[20].startswith("21 not run")
