"""The ticker counts what it causes, and lets batches in between its rounds."""

import asyncio
from collections.abc import Sequence
from typing import cast

from prometheus_client import CollectorRegistry

from monitor.metrics import Metrics
from monitor.stream.duties import Duties
from monitor.stream.ticker import Ticker
from tests.stream.recorder import Noted


class Rounds:
    """Has days to close for some rounds; writes down when."""

    def __init__(self, rounds: int, order: list[str]) -> None:
        self._left = rounds
        self._order = order

    async def tick(self) -> Sequence[Noted]:
        await asyncio.sleep(0)
        if not self._left:
            return []
        self._left -= 1
        self._order.append("round")
        return [Noted(findings=("NEW_LESION",)), Noted()]


async def test_notices_of_closed_days_are_counted_and_batches_come_in_between() -> None:
    order: list[str] = []
    turn = asyncio.Lock()
    told = Metrics(CollectorRegistry(), "0")
    duties = cast("Duties", Rounds(3, order))
    running = asyncio.create_task(Ticker(duties, turn, told, 3600.0).run())
    await asyncio.sleep(0)  # the first round has begun
    async with turn:
        order.append("batch")
    await asyncio.sleep(0.05)
    running.cancel()
    assert order == ["round", "batch", "round", "round"]
    labels = {"finding": "NEW_LESION"}
    assert told.registry.get_sample_value("ctdna_monitor_notices_total", labels) == 3
