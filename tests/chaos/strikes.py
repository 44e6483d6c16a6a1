"""What every fault has in common: what it is given, and what it tells when it is over."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.chaos.bench import Run


@dataclass(frozen=True)
class Struck:
    """A fault that is over: `at` is the moment from which the recovery counts.

    `made`: it came to what its name says; where not, nothing was tried by it. `again`: recorded
    deliveries that a killed worker left to be delivered again.
    """

    at: float
    note: str = ""
    failed: str | None = None
    made: bool = True
    again: int = 0


Fault = Callable[[Run, random.Random], Awaitable[Struck]]


def over(note: str = "", failed: str | None = None) -> Struck:
    """A fault that is over just now."""
    return Struck(time.monotonic(), note, failed)


@asynccontextmanager
async def outage(run: Run, *, of_brokers: bool = False) -> AsyncIterator[None]:
    """While this lasts nothing can be recorded, and that is no stall.

    `of_brokers`: nobody can ask them for the group's offsets.
    """
    run.watch.paused, run.watch.compares = True, not of_brokers
    began = time.monotonic()
    try:
        yield
    finally:
        run.watch.paused, run.watch.compares = False, True
        run.outages.append((began, time.monotonic()))


async def lasting(rng: random.Random, least_s: float, most_s: float) -> float:
    """Let a fault last; returns the seconds."""
    seconds = rng.uniform(least_s, most_s)
    await asyncio.sleep(seconds)
    return seconds
