"""A crash point ends the program where it is named, and nothing else does."""

import os
import signal
import subprocess
import sys

import pytest

from monitor import settings
from monitor.crash_points import POINTS, VARIABLE, armed
from monitor.exits import ConfigurationError

PROGRAM = """
from monitor.crash_points import crash_at
for turn in range(3):
    print(turn, flush=True)
    crash_at("decoded")
    crash_at("polled")
"""


def run(told: str | None) -> tuple[int, list[str]]:
    """The exit code, and the turns that were begun."""
    environment = dict(os.environ) if told is None else {**os.environ, VARIABLE: told}
    command = [sys.executable, "-c", PROGRAM]
    child = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return child.returncode, child.stdout.split()


def test_without_the_variable_nothing_happens() -> None:
    assert run(None) == (0, ["0", "1", "2"])


@pytest.mark.parametrize(("told", "turns"), [("polled", 1), ("polled:1", 1), ("decoded:3", 3)])
def test_the_program_kills_itself_at_the_nth_time(told: str, turns: int) -> None:
    assert run(told) == (-signal.SIGKILL, ["0", "1", "2"][:turns])


def test_another_point_is_passed_by() -> None:
    assert run("before-commit") == (0, ["0", "1", "2"])


@pytest.mark.parametrize("told", ["", "nowhere", "polled:0", "polled:x"])
def test_what_names_no_point_is_refused(told: str) -> None:
    with pytest.raises(ValueError, match=r"CRASH_POINT|int"):
        armed(told)


def test_an_empty_variable_is_none() -> None:
    assert run("") == (0, ["0", "1", "2"])


@pytest.mark.parametrize("told", ["nowhere", "polled:0", "polled:x"])
def test_the_settings_refuse_what_names_no_point(
    monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    monkeypatch.setenv(VARIABLE, told)
    with pytest.raises(ConfigurationError, match="CRASH_POINT: expected NAME"):
        settings.load()


def test_the_settings_know_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, POINTS[0])
    assert settings.load().deployment == "default"
