"""Knows whether the worker is well, by asking each part again and again, and says what is not."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable

import faust
from faust.types import TP

from monitor.clock import Clock
from monitor.ledger.entries import TopicPartition
from monitor.metrics import Metrics
from monitor.stream.agents import Batches
from monitor.stream.duties import Duties
from monitor.stream.stopping import Stop

PERIOD_SECONDS = 2.0
ANSWER_SECONDS_MAX = 5.0
QUARANTINE_EVERY = 15  # seconds: counting a hundred thousand open rows takes a moment
UNKNOWN = "not asked yet"


class Health:
    """Checks broker and ledger every two seconds and keeps the gauges current."""

    def __init__(
        self,
        checks: dict[str, Callable[[], Awaitable[None]]],
        stop: Stop,
    ) -> None:
        self._checks = checks
        self._stop = stop
        self._found: dict[str, str | None] = dict.fromkeys(checks, UNKNOWN)
        self.assigned = False

    def report(self) -> dict[str, str | None]:
        """Return each check with what is wrong, None when it is well."""
        return {
            **self._found,
            "partitions": None if self.assigned else "none assigned yet",
            "stopping": "asked to end" if self._stop.asked else None,
        }

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            for name, check in self._checks.items():
                self._found[name] = await self._ask(check)
            await asyncio.sleep(PERIOD_SECONDS)

    async def _ask(self, check: Callable[[], Awaitable[None]]) -> str | None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                await check()
        except Exception as error:  # noqa: BLE001 - whatever it is, the part is not well
            return type(error).__name__
        return None


class Gauges:
    """Brings the gauges up to date while the worker runs."""

    def __init__(
        self,
        app: faust.App,
        batches: Batches,
        duties: Duties,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._app = app
        self._batches = batches
        self._duties = duties
        self._metrics = metrics
        self._clock = clock
        self.assigned: set[TopicPartition] = set()

    async def run(self) -> None:
        """Measure every second until cancelled, the quarantine now and then."""
        for second in itertools.count():
            began = self._clock.monotonic()
            await asyncio.sleep(1.0)
            now = self._clock.monotonic()
            self._metrics.loop_delay.set(max(0.0, now - began - 1.0))
            self._metrics.since_commit.set(now - self._batches.last_commit)
            self._measure_lag()
            await self._measure_outbox()
            if second % QUARANTINE_EVERY == 0:
                await self._measure_quarantine()

    def _measure_lag(self) -> None:
        self._metrics.lag.clear()
        for place in self.assigned:
            # None before the first fetch, whatever Faust's annotation says.
            end: int | None = self._app.consumer.highwater(TP(place.topic, place.partition))
            reached = self._batches.next_offsets.get(place)
            if end is not None and reached is not None:
                labels = (place.topic, str(place.partition))
                self._metrics.lag.labels(*labels).set(max(0, end - reached))

    async def _measure_outbox(self) -> None:
        try:
            since = await self._duties.unsent_since()
        except Exception:  # noqa: BLE001 - the ledger's health is told by the readiness probe
            self._metrics.failures.labels("outbox_age").inc()
            return
        age_s = (self._clock.now() - since).total_seconds() if since is not None else 0.0
        self._metrics.oldest_unpublished.set(age_s)

    async def _measure_quarantine(self) -> None:
        try:
            found = await self._duties.open_refusals()
        except Exception:  # noqa: BLE001 - the ledger's health is told by the readiness probe
            self._metrics.failures.labels("quarantine").inc()
            return
        oldest = min((at for _, at in found.values()), default=None)
        age_s = (self._clock.now() - oldest).total_seconds() if oldest is not None else 0.0
        self._metrics.show_quarantine({reason: n for reason, (n, _) in found.items()}, age_s)
