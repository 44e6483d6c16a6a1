"""Named places where a fault test lets the program kill itself; without the variable, nothing.

CTDNA_MONITOR_CRASH_POINT=NAME or NAME:N ends it by SIGKILL when it comes to NAME for the Nth time.
"""

import os
import signal
from collections.abc import Callable

FIELD = "CRASH_POINT"
VARIABLE = f"CTDNA_MONITOR_{FIELD}"
POINTS = (
    "polled",  # a batch is in hand, nothing was looked at
    "decoded",
    "before-commit",  # every row of a transaction is written
    "after-commit",  # it was answered
    "before-ack",
    "after-ack",
    "relay-sent",  # the broker acknowledged one message of a batch
    "relay-before-mark",  # the batch is back, its rows are not marked
    "ticker",  # it knows which days are to be closed
)
EXPECTED = f"{VARIABLE}: expected NAME or NAME:N with one of {', '.join(POINTS)}"


def armed(told: str) -> Callable[[str], None]:
    """Return what to call at every point, by the variable's value.

    Raises ValueError for a name that is none of ours, or for a count that is no positive number.
    """
    name, _, count = told.partition(":")
    left = int(count or "1")
    if name not in POINTS or left < 1:
        raise ValueError(EXPECTED)

    def crash_at(point: str) -> None:
        nonlocal left
        left -= point == name
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    return crash_at


def _pass_by(_point: str) -> None:
    """Do nothing, as ever outside of fault tests."""


def _by_environment() -> Callable[[str], None]:
    try:
        return armed(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else _pass_by
    except ValueError:
        return _pass_by  # the settings refuse it, before anything is done


crash_at = _by_environment()
