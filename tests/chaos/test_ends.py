"""An end of a worker is a failure unless a fault asked for it or explains it."""

import signal
import subprocess
from typing import Any, cast

import pytest

from monitor.exits import Exit
from tests.chaos.ends import by_kill, crashes, not_orderly
from tests.chaos.supervisor import Life

OUTAGES = [(50.0, 60.0)]


def life(code: int, **told: Any) -> Life:
    """A worker that lived from 0 to 100 s."""
    child = cast("subprocess.Popen[bytes]", None)
    return Life(child, 0.0, code=code, **{"ended": 100.0, **told})


@pytest.mark.parametrize(
    "one",
    [
        life(0, asked=signal.SIGTERM),
        life(-9, asked=signal.SIGKILL),
        life(-9, armed=True),
        life(Exit.UNEXPECTED, frozen=True),
        life(Exit.UNREACHABLE, ended=70.0),
    ],
)
def test_what_a_fault_explains_is_no_crash(one: Life) -> None:
    assert list(crashes([one], OUTAGES)) == []


@pytest.mark.parametrize(
    "one",
    [
        life(Exit.FAILED),
        life(Exit.UNEXPECTED),
        life(Exit.UNREACHABLE, ended=40.0),
        life(Exit.UNREACHABLE, ended=90.0),
        life(Exit.LEDGER_BEHIND),
        life(0),
        life(-9),
        life(-11, armed=True),
    ],
)
def test_what_nobody_asked_for_is_a_crash(one: Life) -> None:
    assert len(list(crashes([one], OUTAGES))) == 1


def test_only_ends_that_a_fault_made_are_kills() -> None:
    some = [life(-9, asked=signal.SIGKILL), life(-9, armed=True), life(-9), life(0)]
    assert list(map(by_kill, some)) == [True, True, False, False]


def asked(code: int, at: float = 95.0, **told: Any) -> Life:
    return life(code, asked=signal.SIGTERM, asked_at=at, **told)


def test_an_orderly_end_has_code_0_and_takes_ten_seconds_at_most() -> None:
    assert not_orderly(None) is None
    assert not_orderly(asked(0)) is None
    assert not_orderly(asked(0, at=85.0)) == "SIGTERM took 15.0 s"
    assert not_orderly(asked(Exit.UNEXPECTED)) == "SIGTERM ended with exit code 70"


def test_a_worker_that_just_began_or_just_woke_up_ends_as_it_can() -> None:
    assert not_orderly(asked(-15, at=3.0, ended=3.1)) is None
    assert not_orderly(asked(-15)) == "SIGTERM ended with exit code -15"
    assert not_orderly(asked(Exit.UNEXPECTED, frozen=True)) is None
