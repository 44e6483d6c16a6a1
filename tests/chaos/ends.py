"""Which ends of workers are the monitor's failure, and which the faults brought about."""

import signal
from collections.abc import Iterator, Sequence

from monitor.exits import Exit
from tests.chaos.supervisor import Life

TERM_SECONDS_MAX = 10.0
DEAF_SECONDS = 15.0  # so young a worker may not listen to SIGTERM yet
UNREACHABLE_SECONDS = 20.0  # how long after an outage a start that fell into it may give up


def not_orderly(life: Life | None) -> str | None:
    """What is wrong with the end of a worker that was asked to end by SIGTERM; None: nothing."""
    if life is None:
        return None
    seconds = (life.ended or 0.0) - life.asked_at
    deaf = life.asked_at - life.began < DEAF_SECONDS and life.code == -signal.SIGTERM
    woken = life.frozen and life.code == Exit.UNEXPECTED
    if life.code != 0 and not deaf and not woken:
        return f"SIGTERM ended with exit code {life.code}"
    if seconds > TERM_SECONDS_MAX:
        return f"SIGTERM took {seconds:.1f} s"
    return None


def by_kill(life: Life) -> bool:
    """Whether a fault killed it: SIGKILL by us, or by itself at a crash point."""
    return life.code == -signal.SIGKILL and (life.asked == signal.SIGKILL or life.armed)


def crashes(lives: Sequence[Life], outages: Sequence[tuple[float, float]]) -> Iterator[str]:
    """Every end that nobody asked for and no fault excuses, in words.

    Excused are: crash points, exit code 70 of a worker that woke up from a freeze, and 69 while
    broker or database were away. `outages` are from, to, in the clock of the lives.
    """
    for life in lives:
        if life.asked is None and life.code is not None and not _excused(life, outages):
            yield f"a worker ended by itself with exit code {life.code}"


def _excused(life: Life, outages: Sequence[tuple[float, float]]) -> bool:
    ended = life.ended or 0.0
    away = any(begun <= ended <= over + UNREACHABLE_SECONDS for begun, over in outages)
    return (
        by_kill(life)
        or (life.code == Exit.UNEXPECTED and life.frozen)
        or (life.code == Exit.UNREACHABLE and away)
    )
