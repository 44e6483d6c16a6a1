"""Waits for something that a server or a worker does in its own time."""

import asyncio
import time
from collections.abc import Callable

POLL_SECONDS = 0.02


async def wait_for(
    reached: Callable[[], bool], seconds_max: float, pause_s: float = POLL_SECONDS
) -> bool:
    """Wait until something holds; False when it did not in time."""
    deadline = time.monotonic() + seconds_max
    while not reached():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(pause_s)
    return True
