"""Runs the worker from start to exit: what it opens it closes, and it ends within its limit."""

import asyncio
import gc
import importlib.metadata
import logging
from contextlib import AsyncExitStack
from typing import Protocol

from prometheus_client import CollectorRegistry

from monitor.clock import Clock
from monitor.exits import Exit, LedgerBehindKafkaError, UnreachableError
from monitor.ledger.port import LedgerBehind, Unavailable
from monitor.metrics import Metrics
from monitor.settings import Settings
from monitor.stream.agents import Batches, add_agent
from monitor.stream.app import WorkerApp, build_app
from monitor.stream.assignment import Assignment
from monitor.stream.auditing import Auditing
from monitor.stream.duties import Duties, Wiring
from monitor.stream.health import Gauges, Health
from monitor.stream.identity import input_identities
from monitor.stream.preflight import survey
from monitor.stream.probes import Probes
from monitor.stream.quiet import calm_libraries
from monitor.stream.relaying import Relaying
from monitor.stream.sender import KafkaSender
from monitor.stream.stopping import LEDGER_BEHIND_ADVICE, Stop, end_now
from monitor.stream.ticker import Ticker
from monitor.stream.topic_watch import TopicWatch

logger = logging.getLogger(__name__)

OBJECTS_BETWEEN_COLLECTIONS = 500_000  # above what a batch of 500 patients' states holds at once


def run_worker(settings: Settings, wiring: Wiring) -> Exit:
    """Run the worker until it is asked to end; return its exit code.

    Raises ExpectedError (see monitor.exits) when it cannot start. An error on the way ends the
    process at once, see stopping.end_now.
    """
    clock = Clock()
    calm_libraries(clock)
    _collect_seldom()
    try:
        return asyncio.run(Worker(settings, wiring, clock).run())
    except LedgerBehind as error:
        raise LedgerBehindKafkaError(f"{error}. {LEDGER_BEHIND_ADVICE}") from error
    except Unavailable as error:
        raise UnreachableError(f"{error}: look at CTDNA_MONITOR_DATABASE__URL") from error


def _collect_seldom() -> None:
    """Let the cyclic collector rest while a batch's states live and die.

    A batch builds some hundred thousand small objects without cycles, which reference counting
    frees at its end; by default the collector walks through them again and again meanwhile, at
    up to half of the processor time per event. What exists before the first batch stays.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 10, 10)


class Worker:
    """One worker process: opens everything, starts Faust, waits, and closes in reverse."""

    def __init__(self, settings: Settings, wiring: Wiring, clock: Clock) -> None:
        self._settings = settings
        self._wiring = wiring
        self._clock = clock
        version = importlib.metadata.version("ctdna-monitor")
        self._metrics = Metrics(CollectorRegistry(), version)

    async def run(self) -> Exit:
        """Run until asked to end; raises ExpectedError when it cannot start."""
        stop = Stop()
        stop.on_signals()
        async with AsyncExitStack() as opened:
            places = await survey(self._settings.kafka)
            sender = await opened.enter_async_context(KafkaSender(self._settings.kafka))
            duties = await opened.enter_async_context(
                self._wiring(self._settings, sender, self._clock)
            )
            await duties.check_topics(await input_identities(self._settings.kafka))
            duties.begin_at({at: place.first for at, place in places.items()})
            await duties.check_offsets(
                {at: p.committed for at, p in places.items() if p.committed is not None}
            )
            health = Health({"broker": sender.ping, "ledger": duties.ping}, stop)
            await opened.enter_async_context(Probes(self._settings.http, health, self._metrics))
            await self._consume(duties, health, stop)
        stop.done()
        logger.info("stopped: everything in hand was committed and acknowledged")
        return Exit.OK

    async def _consume(self, duties: Duties, health: Health, stop: Stop) -> None:
        turn = asyncio.Lock()
        relaying = Relaying(duties, self._metrics, self._clock)
        batches = Batches(
            duties, turn, self._settings, self._metrics, self._clock, on_commit=relaying.wake
        )
        app = build_app(self._settings)
        add_agent(app, self._settings, batches)
        gauges = Gauges(app, batches, duties, self._metrics, self._clock)
        Assignment(app, self._settings.kafka, duties, batches, gauges, health).watch()
        ticker = Ticker(duties, turn, self._metrics, self._settings.worker.tick_s)
        auditing = Auditing(duties, self._metrics, self._settings)
        watch = TopicWatch(duties, self._settings.kafka)
        beside = [
            asyncio.create_task(_run_or_end(part), name=type(part).__name__)
            for part in (batches, relaying, ticker, health, gauges, auditing, watch)
        ]
        await _live_until_asked(app, stop)
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


class _Part(Protocol):
    async def run(self) -> None: ...


async def _run_or_end(part: _Part) -> None:
    """Run what must not end by itself: an error in it ends the process."""
    try:
        await part.run()
    except Exception as error:  # noqa: BLE001 - a worker without one of its parts is not a worker
        end_now(error)


async def _live_until_asked(app: WorkerApp, stop: Stop) -> None:
    """Run Faust until we are asked to end; a crash of Faust ends the process."""

    async def live() -> None:
        await app.start()
        await app.wait_until_stopped()

    living = asyncio.create_task(live())
    asked = asyncio.create_task(stop.wait())
    await asyncio.wait({living, asked}, return_when=asyncio.FIRST_COMPLETED)
    if not stop.asked:
        error = living.exception() or app.crash_reason
        end_now(error or RuntimeError("Faust stopped by itself"))
    asked.cancel()
    # Waits for the batch in hand and commits its offsets; stop.ask has set the limit.
    await app.stop()
    living.cancel()
    await asyncio.gather(living, asked, return_exceptions=True)
