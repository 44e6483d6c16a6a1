"""No seed loses, doubles or invents a notice; a seed is the same world every time."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from tests.simulation.campaign import Summary, failure, plant, some
from tests.simulation.planted import BUGS
from tests.simulation.run import STEPS, simulate
from tests.simulation.weather import KINDS

SEEDS = 1_000
SEEDS_TO_FIND_MAX = 50
TRACE_OF = "from tests.simulation.test_simulation import digest; print(digest(5))"


def digest(seed: int) -> str:
    return hashlib.sha256("\n".join(simulate(seed).trace).encode()).hexdigest()


@pytest.fixture
def _unplanted() -> Iterator[None]:
    yield
    patch.stopall()


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_seed_is_the_same_world_every_time(seed: int) -> None:
    first, second = simulate(seed), simulate(seed)
    assert first.trace == second.trace
    assert first == second
    assert first.wrong == [], failure(first)


def test_a_seed_is_the_same_world_in_another_program() -> None:
    told = subprocess.run(
        [sys.executable, "-c", TRACE_OF],
        env={**os.environ, "PYTHONHASHSEED": "12345"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == digest(5)


@pytest.mark.usefixtures("_unplanted")
@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(bug: str) -> None:
    plant(bug)
    found = some(1, SEEDS_TO_FIND_MAX, STEPS, first_only=True)
    assert found.failures, f"{bug} was not found in {SEEDS_TO_FIND_MAX} seeds"
    told = failure(found.failures[0])
    assert f"--seed {found.failures[0].seed}" in told


@pytest.mark.usefixtures("_unplanted")
def test_a_failure_is_the_same_when_it_is_replayed() -> None:
    plant("ack_before_commit")
    seed = some(1, SEEDS_TO_FIND_MAX, STEPS, first_only=True).failures[0].seed
    assert failure(simulate(seed)) == failure(simulate(seed))


def test_what_several_seeds_showed_is_added_up() -> None:
    one, other = some(1, 2, STEPS), some(3, 1, STEPS)
    both = Summary()
    both.add(one)
    both.add(other)
    assert (both.seeds, both.steps) == (3, one.steps + other.steps)
    assert "3 seeds" in str(both)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_thousand_seeds_keep_every_promise() -> None:
    summary = some(1, SEEDS, STEPS)
    print(summary)
    assert summary.failures == [], str(summary)
    assert KINDS - summary.seeds_of.keys() == set()
