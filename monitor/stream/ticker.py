"""Closes days: asks in turn with the batches whether a patient has something due."""

import asyncio
import logging

from monitor.ledger.port import Unavailable
from monitor.metrics import Metrics
from monitor.stream.duties import Duties

logger = logging.getLogger(__name__)


class Ticker:
    """Ticks every `seconds`, in rounds; no round runs while a batch is being recorded."""

    def __init__(
        self, duties: Duties, turn: asyncio.Lock, metrics: Metrics, seconds: float
    ) -> None:
        self._duties = duties
        self._turn = turn
        self._metrics = metrics
        self._seconds = seconds

    async def run(self) -> None:
        """Tick until cancelled; while the ledger is away, at the next one.

        Raises what no later tick can mend.
        """
        while True:
            try:
                while await self._round():
                    pass  # a batch that waits has its turn between two rounds
            except Unavailable as error:
                self._metrics.failures.labels("ticker").inc()
                logger.warning("no day could be closed (%s); trying again", type(error).__name__)
            await asyncio.sleep(self._seconds)

    async def _round(self) -> bool:
        """Close some days; True when more may be due."""
        async with self._turn:
            receipts = await self._duties.tick()
        self._metrics.count_findings(name for one in receipts for name in one.findings)
        return bool(receipts)
