"""Looks at Kafka and the database once a second, past the proxy, and notes what moves."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import asyncpg
import psutil
from confluent_kafka import KafkaException

from tests.chaos.checker.evidence import Place, Sample
from tests.chaos.feed import Feed
from tests.chaos.group import committed
from tests.services.cluster import Cluster

PERIOD_SECONDS = 1.0
POLL_SECONDS = 0.05
COMMITTED_EVERY = 3  # samples
COMMITTED_SECONDS = 1.5  # by then the living have committed, and no session is over yet
STALL_SECONDS_MAX = 60.0
AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


class Watch:
    """The samples of a run; `paused` while a fault is in force that no work can get past."""

    def __init__(self, cluster: Cluster, url: str, group: str, feed: Feed) -> None:
        self.samples: list[Sample] = []
        self.group = group
        self.paused = False
        self.restored = False
        self.compares = True  # not while brokers are away, nor while an operator is needed
        self.stalled: list[str] = []
        self.memory_max = 0  # bytes, of any worker
        self.pids: Callable[[], Iterable[int]] = tuple
        self._cluster = cluster
        self._url = url.replace("+asyncpg", "")
        self._feed = feed
        self._connection: Any = None
        self._lock = asyncio.Lock()
        self._moved_at = time.monotonic()
        self._seen: tuple[int, int] = (-1, -1)

    async def run(self) -> None:
        """Sample until cancelled; what cannot be read just now is left out."""
        while True:
            await asyncio.sleep(PERIOD_SECONDS)
            with contextlib.suppress(*AWAY):
                await self._sample()
            self._look_for_stall()
            for pid in self.pids():
                with contextlib.suppress(psutil.Error):
                    self.memory_max = max(self.memory_max, psutil.Process(pid).memory_info().rss)

    async def fetch(self, statement: str, *arguments: object) -> list[Any]:
        """Rows of a query; raises one of AWAY when there is no database."""
        async with self._lock:
            if self._connection is None or self._connection.is_closed():
                self._connection = await asyncpg.connect(self._url, timeout=5)
            try:
                found: list[Any] = await self._connection.fetch(statement, *arguments, timeout=10)
            except AWAY:
                self._connection.terminate()
                raise
            return found

    async def recorded(self) -> dict[Place, int]:
        """The last recorded offset of each partition."""
        asked = 'SELECT topic, "partition", last_offset FROM delivery_ledger'
        found = await self.fetch(f"{asked} WHERE consumer_group = $1", self.group)
        return {Place(topic, partition): last for topic, partition, last in found}

    async def left(self) -> int:
        """How many recorded deliveries a worker that died just now left to be delivered again.

        They are of the partitions where nobody goes on, and nobody commits what is recorded.
        """
        with contextlib.suppress(*AWAY):
            ledger = await self.recorded()
            await asyncio.sleep(COMMITTED_SECONDS)
            found, later = await self._committed(), await self.recorded()
            still = [at for at, last in ledger.items() if found and later[at] == last]
            return sum(max(0, ledger[at] + 1 - found.get(at, 0)) for at in still)
        return 0

    async def total(self) -> int:
        """How many deliveries are recorded, -1 while there is no database."""
        with contextlib.suppress(*AWAY):
            return sum(last + 1 for last in (await self.recorded()).values())
        return -1

    async def _sample(self) -> None:
        # Without what lay on a topic that an operator took away.
        at, fed = time.monotonic(), sum(list(self._feed.reached.values()))
        asks = len(self.samples) % COMMITTED_EVERY == 0 and self.compares
        before = await self._committed() if asks else {}
        ledger = await self.recorded()
        counted = "SELECT count(*), count(*) FILTER (WHERE published_at IS NULL) FROM "
        tables = [(await self.fetch(counted + name))[0] for name in ("notice", "quarantine")]
        recorded = sum(last + 1 for last in ledger.values())
        told, unsent = (sum(row[i] for row in tables) for i in range(2))
        self.samples.append(
            Sample(at, recorded, unsent, fed, told, self.paused, self.restored, before, ledger)
        )
        self.restored = False
        if (recorded, told - unsent) != self._seen or (recorded >= fed and not unsent):
            self._seen, self._moved_at = (recorded, told - unsent), at

    async def _committed(self) -> Mapping[Place, int]:
        with contextlib.suppress(KafkaException):
            names = {place.topic for place in self._feed.reached}
            return await committed(self._cluster.bootstrap, self.group, sorted(names))
        return {}

    def _look_for_stall(self) -> None:
        now = time.monotonic()
        if self.paused:
            self._moved_at = now
        elif now - self._moved_at > STALL_SECONDS_MAX:
            self.stalled.append(f"nothing moved for {STALL_SECONDS_MAX:.0f} s")
            self._moved_at = now

    async def reaches(self, mark: Mapping[Place, int], seconds_max: float) -> bool:
        """Wait until the ledger holds all before these offsets; False when it took too long."""
        deadline = time.monotonic() + seconds_max
        while time.monotonic() < deadline:
            with contextlib.suppress(*AWAY):
                ledger = await self.recorded()
                if all(ledger.get(place, -1) + 1 >= end for place, end in mark.items()):
                    return True
            await asyncio.sleep(POLL_SECONDS)
        return False

    async def settles(self, seconds_max: float) -> bool:
        """Wait until all that was acknowledged is recorded and told; False after too long."""
        deadline = time.monotonic() + seconds_max
        if not await self.reaches(dict(self._feed.reached), seconds_max):
            return False
        counted = "SELECT count(*) FROM {} WHERE published_at IS NULL"
        while time.monotonic() < deadline:
            with contextlib.suppress(*AWAY):
                found = [await self.fetch(counted.format(n)) for n in ("notice", "quarantine")]
                if not any(rows[0][0] for rows in found):
                    return True
            await asyncio.sleep(POLL_SECONDS)
        return False

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
