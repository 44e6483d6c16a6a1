"""One worker: the product's own parts, with every call that leaves them in the world's hands."""

import asyncio
import datetime
import functools
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from prometheus_client import CollectorRegistry

from monitor.clinical.transitions import Ruleset
from monitor.clock import Clock
from monitor.intake import Decoded
from monitor.ledger.port import Unavailable
from monitor.metrics import Metrics
from monitor.recording import Receipt
from monitor.settings import Settings, WorkerSettings
from monitor.stream.agents import Batches
from monitor.stream.app import HeldEvent
from monitor.stream.relaying import Relaying
from monitor.stream.ticker import Ticker
from monitor.wire.delivery import Delivery
from monitor.wiring import WorkerDuties
from tests.simulation.activating import Watcher
from tests.simulation.broker import BrokerError
from tests.simulation.calls import Exchange, LedgerPort, TopicSender
from tests.simulation.consumer import Consumer

COMMIT_SECONDS = 0.5
PING_SECONDS = 5.0
TICK_SECONDS = 1.0


@functools.cache
def settings(batch_max: int) -> Settings:
    return Settings(worker=WorkerSettings(batch_max=batch_max, tick_s=TICK_SECONDS))


@functools.cache
def metrics() -> Metrics:
    return Metrics(CollectorRegistry(), "simulated")


class WorkerClock(Clock):
    """The clock of one machine; `skew` is by how much it is wrong."""

    def __init__(self, now: Callable[[], datetime.datetime], seconds: Callable[[], float]) -> None:
        self._now = now
        self._seconds = seconds
        self.skew = datetime.timedelta()

    def now(self) -> datetime.datetime:
        return self._now() + self.skew

    def monotonic(self) -> float:
        return self._seconds()


@dataclass(eq=False)
class Held:
    """An event in a worker's hands, as Faust gives it."""

    message: Delivery
    consumer: Consumer
    committed: bool = False

    def ack(self) -> bool:
        if self.committed:
            self.consumer.acknowledge(self.message)
        return self.committed


class Worker:
    """From its start to its end, which `kill` puts to it between two calls."""

    def __init__(
        self,
        name: str,
        exchange: Exchange,
        watcher: Watcher,
        clock: WorkerClock,
        rules: dict[str, Ruleset],
        batch_max: int,
    ) -> None:
        self.name = name
        self.alive = True
        self.paused = False
        self.is_undisturbed = False
        self.has_begun = False
        self.clock = clock
        self._exchange = exchange
        self._watcher = watcher
        self._stop = asyncio.Event()
        ledger: Any = LedgerPort(exchange, self)
        self._ledger: LedgerPort = ledger
        given = settings(batch_max)
        self.duties = WorkerDuties(ledger, TopicSender(exchange, self), given, clock, alone=False)
        self.duties._rules.use(rules)
        self.duties._holder = self.duties._relay._holder = name
        self.consumer = Consumer(name, exchange.broker)
        turn = asyncio.Lock()
        relaying = Relaying(self.duties, metrics(), clock)
        self.batches = Batches(self.duties, turn, given, metrics(), clock, on_commit=relaying.wake)
        self._parts: Sequence[Callable[[], Awaitable[None]]] = (
            self.batches.run,
            relaying.run,
            Ticker(self.duties, turn, metrics(), given.worker.tick_s).run,
            self._consume,
            self._commit_often,
            self._ping,
        )
        self._check: asyncio.Future[None] | None = None

    async def live(self, *, undisturbed: bool) -> None:
        """Work until stopped; tells the watcher of the end. Its start may be left undisturbed."""
        try:
            self.is_undisturbed = undisturbed
            await self.duties.begin()
            self._watch_batches()
            await self.duties.check_offsets(dict(self._exchange.broker.group.committed))
            self.duties.begin_at(dict.fromkeys(self._exchange.broker.places, 0))
            self.is_undisturbed, self.has_begun = False, True
            parts = [asyncio.ensure_future(_forever(part)) for part in self._parts]
            for one in parts:
                one.add_done_callback(_retrieved)
            stop = asyncio.ensure_future(self._stop.wait())
            await asyncio.wait({*parts, stop}, return_when=asyncio.FIRST_COMPLETED)
            for one in parts:
                if one.done():
                    one.result()
            await self._finish(parts)
        except Exception as problem:  # noqa: BLE001 - the world says whether it may end so
            self._watcher.ended(self, problem)
        else:
            self._watcher.ended(self, None)

    def _watch_batches(self) -> None:
        """Let the ledger's port know what is decided, and the watcher when a batch is halved."""
        intake, ledger = self.duties._intake, self._ledger
        settle = intake.settle

        async def watched(batch: Sequence[tuple[Delivery, Decoded]]) -> list[Receipt]:
            whole, ledger.batch = ledger.batch, [delivery for delivery, _ in batch]
            if len(batch) < len(whole) and ledger.batch[0] is whole[0]:
                self._watcher.struck("halved")
            try:
                return await settle(batch)
            finally:
                ledger.batch = whole

        intake.settle = watched  # type: ignore[method-assign]

    def stop(self) -> None:
        """Ask it to end in an orderly way."""
        self._stop.set()

    async def _finish(self, parts: Sequence["asyncio.Future[None]"]) -> None:
        parts[3].cancel()
        await self.batches.flush()
        await self._commit()
        for part in parts:
            part.cancel()
        with suppress(Unavailable):  # the leases run out by themselves
            await self.duties.release()
        with suppress(BrokerError):  # the group misses it by itself
            await self._exchange.call(self, "broker", "leave", self.consumer.leave)

    async def _consume(self) -> None:
        while True:
            deliveries, is_new = await self._ask("poll", self.consumer.poll, self.consumer.has_news)
            if is_new:
                self._compare_beside()
            for delivery in deliveries:
                await self.batches._add(cast("HeldEvent", Held(delivery, self.consumer)))

    def _compare_beside(self) -> None:
        if self._check is not None:
            self._check.cancel()
        self._check = asyncio.ensure_future(self._compare())

    async def _compare(self) -> None:
        """Compare Kafka's offsets with the ledger's, as at every assignment."""
        committed = self.consumer.committed()
        try:
            await self.duties.check_offsets(committed)
        except Unavailable:
            return  # every batch does it again
        except Exception as problem:  # noqa: BLE001 - the world says whether it may end so
            self._watcher.ended(self, problem)

    async def _commit_often(self) -> None:
        while True:
            await asyncio.sleep(COMMIT_SECONDS)
            await self._commit()

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING_SECONDS)
            with suppress(Unavailable):
                await self.duties.ping()

    async def _commit(self) -> None:
        if self.consumer.uncommitted():
            try:
                await self._exchange.call(self, "broker", "commit", self.consumer.commit)
            except BrokerError:
                return

    async def _ask(
        self, name: str, effect: Callable[[], Any], ready: Callable[[], bool] = lambda: True
    ) -> Any:
        """Ask the broker until it answers."""
        while True:
            try:
                return await self._exchange.call(self, "broker", name, effect, ready)
            except BrokerError:
                await asyncio.sleep(COMMIT_SECONDS)


async def _forever(part: Callable[[], Awaitable[None]]) -> None:
    await part()


def _retrieved(part: asyncio.Future[None]) -> None:
    """The first failure ends a worker: asyncio need not complain that nobody saw the others."""
    if not part.cancelled():
        part.exception()
