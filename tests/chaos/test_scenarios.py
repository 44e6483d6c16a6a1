"""The catalogue is whole: every scenario is tried or says why not, every fault tries one."""

import random
from itertools import islice

import pytest

from tests.chaos.campaign import FAULTS, FIRST, WEIGHTS, WITHIN_S, Overcome, plan
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
    assert WEIGHTS.keys() | WITHIN_S.keys() <= FAULTS.keys()


def test_a_plan_has_every_kind_before_any_comes_twice_and_follows_from_its_seed() -> None:
    kinds = list(FAULTS)
    drawn = list(islice(plan(random.Random(7), kinds), 3 * len(kinds)))
    assert tuple(drawn[: len(FIRST)]) == FIRST
    assert sorted(drawn[: len(kinds)]) == sorted(kinds)
    assert drawn == list(islice(plan(random.Random(7), kinds), 3 * len(kinds)))


def overcome(kind: str, failed: str | None = None, *, made: bool = True) -> Overcome:
    return Overcome(kind, 0.0, 1.0, 2.0, "", failed, made)


def test_a_scenario_passes_fails_or_was_not_run() -> None:
    tried = [overcome("worker killed"), overcome("worker frozen", "a word")]
    lines = list(verdicts(tried, checked=True, violated=False))
    assert lines[0].startswith(" 1 pass (1 times)")
    assert lines[3].startswith(" 4 FAIL (a word)")
    assert lines[4].startswith(" 5 not run (not reached in this time)")
    assert lines[17].startswith("18 not run (the monitor has neither")
    assert lines[20].startswith("21 pass")


def test_a_violation_fails_whatever_was_tried() -> None:
    lines = list(verdicts([overcome("worker killed")], checked=True, violated=True))
    assert lines[0].startswith(" 1 FAIL (see the violations)")
    assert lines[4].startswith(" 5 not run")
    assert lines[20].startswith("21 FAIL (see the violations)")


def test_a_kind_that_is_missing_is_named_and_one_that_was_not_made_tries_nothing() -> None:
    some = [overcome("broker killed"), overcome("leader killed", made=False)]
    some.append(overcome("worker killed", made=False))
    lines = list(verdicts(some, checked=False, violated=False))
    assert lines[4].startswith(" 5 in part (1 times, without: leader killed)")
    assert lines[0].startswith(" 1 not run (not reached in this time)")


def test_the_stream_passes_only_where_it_was_checked() -> None:
    lines = list(verdicts([], checked=False, violated=False))
    assert lines[20].startswith("21 not run")
