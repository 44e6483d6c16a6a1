"""Keeps the relay going: at once after a commit, a few times a second otherwise."""

import asyncio
import logging

from monitor.clock import Clock
from monitor.metrics import Metrics
from monitor.stream.duties import Duties

logger = logging.getLogger(__name__)

IDLE_SECONDS = 0.2
BACKOFF_SECONDS_MAX = 5.0
LOG_SECONDS_MIN = 10.0


class Relaying:
    """Calls the relay until it has nothing left, then waits for `wake` or a short while."""

    def __init__(self, duties: Duties, metrics: Metrics, clock: Clock) -> None:
        self._duties = duties
        self._metrics = metrics
        self._clock = clock
        self._wake = asyncio.Event()
        self._logged = -LOG_SECONDS_MIN

    def wake(self) -> None:
        """Say that a commit may have left something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled; a failure is logged, counted and tried again, slower each time."""
        backoff_s = 0.0
        while True:
            self._wake.clear()
            try:
                sent = await self._duties.send_once()
            except Exception as error:  # noqa: BLE001 - nothing is lost: the rows stay unsent
                backoff_s = min(BACKOFF_SECONDS_MAX, max(IDLE_SECONDS, backoff_s * 2))
                self._note(error)
                await asyncio.sleep(backoff_s)
                continue
            backoff_s = 0.0
            self._metrics.relayed.inc(sent)
            if not sent:
                await self._rest()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return

    def _note(self, error: Exception) -> None:
        self._metrics.failures.labels("relay").inc()
        if self._clock.monotonic() - self._logged >= LOG_SECONDS_MIN:
            self._logged = self._clock.monotonic()
            logger.warning("nothing could be published (%s); trying again", type(error).__name__)
