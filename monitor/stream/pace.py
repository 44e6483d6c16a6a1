"""Lets so many messages go each second, evenly."""

import asyncio
from typing import Final

from monitor.clock import Clock

BURST_SECONDS_MAX: Final = 1.0  # what a slow broker cost is not made up for beyond this


class Pace:
    """Call `wait` before each message; `rate` is in messages a second, None: do not wait."""

    def __init__(self, clock: Clock, rate: float | None) -> None:
        self._clock = clock
        self._step = 1 / rate if rate else 0.0
        self._due = clock.monotonic()

    async def wait(self) -> None:
        """Return when the next one may go."""
        if not self._step:
            return
        now = self._clock.monotonic()
        self._due = max(self._due + self._step, now - BURST_SECONDS_MAX)
        if self._due > now:
            await asyncio.sleep(self._due - now)
