"""The catchers: programs that must notice a planted bug, from the cheapest to the dearest."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.planted.tree import environment

SEED = re.compile(r"\bseed[ :=]+(\d+)", re.IGNORECASE)
ENDLESS = "does not end"
HISTORIES_AT_FIRST, WORLDS_AT_FIRST = 400, 120
BROKEN = "Traceback (most recent call last)"


@dataclass(frozen=True)
class Catcher:
    """A program that exits with 1 when it notices; `seconds_max` ends one that never does.

    `proof` begins the line that it says when it noticed what it is to notice, and nothing else.
    """

    name: str
    words: Sequence[str]
    tried: str
    seconds_max: float
    proof: str = ""


@dataclass(frozen=True)
class Catch:
    """What a catcher found: `seed` where it noticed, or None; `said` is the line that tells it."""

    noticed: bool
    seconds: float
    seed: str | None
    said: str


class UnclearError(Exception):
    """A catcher ended in another way than by noticing or by not noticing."""


def catchers(histories: int, worlds: int, minutes: float) -> tuple[Catcher, ...]:
    """A quick look of auditor and simulation, a long one of both, then minutes on real servers."""
    quick = min(HISTORIES_AT_FIRST, histories), min(WORLDS_AT_FIRST, worlds)
    return (
        _auditor(1, quick[0]),
        _simulation(1, quick[1]),
        _auditor(quick[0] + 1, histories),
        _simulation(quick[1] + 1, worlds),
        Catcher(
            "bench",
            ("tests.chaos", "--nodes", "1", "--seed", "1", "--minutes", str(minutes)),
            f"{minutes:g} minutes",
            900 + 120 * minutes,
            proof="FAILED: main: ",
        ),
    )


def _auditor(first: int, last: int) -> Catcher:
    words = ("tests.auditor", "--first", *_seeds(first, last))
    return Catcher("auditor", words, f"{last} histories", 120 + (last - first) / 4)


def _simulation(first: int, last: int) -> Catcher:
    words = ("tests.simulation", "--first", *_seeds(first, last))
    return Catcher("simulation", words, f"{last} worlds", 120 + 2 * (last - first))


def _seeds(first: int, last: int) -> tuple[str, ...]:
    return ("--start", str(first), "--count", str(last - first + 1))


def watch(catcher: Catcher, tree: Path) -> Catch:
    """Let a catcher look at a tree. Raises UnclearError when it cannot say."""
    begun = time.monotonic()
    with subprocess.Popen(
        (sys.executable, "-m", *catcher.words),
        cwd=tree,
        env=environment(tree),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as program:
        try:
            told, _ = program.communicate(timeout=catcher.seconds_max)
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)
            return Catch(True, time.monotonic() - begun, None, ENDLESS)
    seconds = time.monotonic() - begun
    if program.returncode == 0:
        return Catch(False, seconds, None, "")
    line, seed = _seed(told)
    is_proved = any(one.startswith(catcher.proof) for one in told.splitlines())
    if program.returncode != 1 or seed is None or BROKEN in told or not is_proved:
        raise UnclearError(f"{catcher.name} ended with {program.returncode}:\n{told[-2000:]}")
    return Catch(True, seconds, seed, line)


def _seed(told: str) -> tuple[str, str | None]:
    """The first line that names a seed, and the seed."""
    for line in told.splitlines():
        if found := SEED.search(line):
            return line.strip(), found[1]
    return "", None
