"""A worker whose clock is an hour off, where libfaketime is installed."""

import os
import random
import signal
from pathlib import Path

from tests.chaos.bench import Run
from tests.chaos.strikes import Fault, Struck, lasting, over

VARIABLE = "FAKETIME_LIBRARY"  # where to look for it first
PLACES = ("usr/lib", "usr/local/lib")
WHY_NOT = f"libfaketime is not installed (or named by {VARIABLE})"


def faketime() -> str | None:
    """The library's path, None where there is none."""
    named = os.environ.get(VARIABLE)
    if named:
        return named
    found = [
        one for place in PLACES for one in Path("/", place).glob("**/faketime/libfaketimeMT.so.1")
    ]
    return str(found[0]) if found else None


async def clock_off(run: Run, rng: random.Random) -> Struck:
    """One worker lives an hour before or behind for a while; its monotonic clock does not."""
    slot, offset = rng.choice(run.supervisor.running()), rng.choice(["+1h", "-1h"])
    slot.extra = {
        "LD_PRELOAD": faketime() or "",
        "FAKETIME": offset,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    run.supervisor.signal(slot, signal.SIGTERM)
    seconds = await lasting(rng, 14.0, 20.0)
    run.supervisor.signal(slot, signal.SIGTERM)
    return over(f"{slot.name} {offset} {seconds:.0f} s")


FAULTS: dict[str, Fault] = {"clock of a worker off": clock_off}
