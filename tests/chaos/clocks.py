"""A worker whose clock is an hour off, where libfaketime is installed."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from monitor.clock import Clock
from tests.chaos.bench import Run
from tests.chaos.ends import not_orderly
from tests.chaos.strikes import Fault, Struck, lasting, over

VARIABLE = "FAKETIME_LIBRARY"  # where to look for it first
PLACES = ("usr/lib", "usr/local/lib")
OFFSET, OFFSET_S = "+1h", 3600
MINUTES_S = 300.0  # how far the log's times may be from the offset
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
    """One worker lives an hour ahead for a while; its monotonic clock does not.

    Not behind: then every wait of librdkafka, which the start uses, is over at once under
    libfaketime. The simulation's clocks jump both ways.
    """
    slot, supervisor = rng.choice(run.supervisor.running()), run.supervisor
    slot.extra = {
        "LD_PRELOAD": faketime() or "",
        "FAKETIME": OFFSET,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    lives = [await asyncio.to_thread(supervisor.wait, supervisor.signal(slot, signal.SIGTERM))]
    size = slot.log.stat().st_size
    seconds = await lasting(rng, 14.0, 20.0)
    lives.append(await asyncio.to_thread(supervisor.wait, supervisor.signal(slot, signal.SIGTERM)))
    failed = next(filter(None, map(not_orderly, lives)), None)
    now = Clock().now().timestamp()
    told = [at - now for at in _logged_at(slot.log.read_bytes()[size:].decode())]
    made = any(abs(one - OFFSET_S) < MINUTES_S for one in told)
    note = f"{slot.name} {OFFSET} {seconds:.0f} s"
    return replace(over(note, failed if made else "its clock was not off"), made=made)


def _logged_at(log: str) -> Iterator[float]:
    """The times of a log's lines, as those who wrote them had it."""
    for line in log.splitlines():
        with suppress(ValueError):
            yield time.mktime(time.strptime(line[:19], "%Y-%m-%d %H:%M:%S"))


FAULTS: dict[str, Fault] = {"clock of a worker off": clock_off}
