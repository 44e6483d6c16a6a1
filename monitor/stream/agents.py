"""The one agent: greedy batches in arrival order, acknowledged only after they were committed."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import cast

import faust
from faust.types import TopicT

from monitor.clock import Clock
from monitor.crash_points import crash_at
from monitor.exits import StartRefusedError
from monitor.ledger.entries import TopicPartition
from monitor.metrics import Metrics
from monitor.settings import Settings
from monitor.stream.app import HeldEvent
from monitor.stream.duties import Duties, Receipt
from monitor.stream.stopping import end_now
from monitor.wire.delivery import Delivery

TURNS_EVERY = 16


def delivery_of(event: HeldEvent) -> Delivery:
    """Return the Kafka message behind a Faust event, as it came.

    The headers are the message's own: the event's are a dict, which loses repeated names.
    """
    message = event.message
    return Delivery(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        key=message.key,
        headers=tuple(cast("Sequence[tuple[str, bytes | None]]", message.headers or ())),
        value=message.value,
        timestamp=round(message.timestamp * 1000) if message.timestamp else None,
    )


class Batches:
    """Collects events and hands them on, batch after batch, in order.

    Greedy: while a batch is being recorded the next one grows, and it goes as soon as the other
    is committed; an event that finds nothing in the way goes at once.
    """

    def __init__(
        self,
        duties: Duties,
        turn: asyncio.Lock,
        settings: Settings,
        metrics: Metrics,
        clock: Clock,
        on_commit: Callable[[], None],
    ) -> None:
        self._duties = duties
        self._turn = turn  # shared with the ticker: one writer of a patient's state at a time
        self._size_max = settings.worker.batch_max
        self._metrics = metrics
        self._clock = clock
        self._on_commit = on_commit
        self._events: list[HeldEvent] = []
        self._some = asyncio.Event()
        self._room = asyncio.Event()
        self.next_offsets: dict[TopicPartition, int] = {}
        self.last_commit = clock.monotonic()

    async def consume(self, stream: faust.StreamT[bytes]) -> None:
        """Take events for as long as the stream lasts; never lets an error reach Faust.

        Faust acknowledges the event whose agent raised, whatever the supervisor.
        """
        try:
            async for event in cast("faust.Stream[bytes]", stream).noack().events():
                await self._add(cast("HeldEvent", event))
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - nothing may leave the agent
            end_now(error)

    async def _add(self, event: HeldEvent) -> None:
        self._events.append(event)
        self._some.set()
        if len(self._events) >= self._size_max:
            self._room.clear()
            await self._room.wait()
        elif len(self._events) % TURNS_EVERY == 0:
            await asyncio.sleep(0)  # a full queue never suspends us: let the others have a turn

    async def run(self) -> None:
        """Hand on what is there, for ever; independent of the stream, so nothing is left over.

        A rebalance may take events from the agent's queue and then wait for those in hand.
        """
        while True:
            await self._some.wait()
            await self.flush()

    async def flush(self) -> None:
        """Have the events in hand recorded, then acknowledge them."""
        async with self._turn:
            events, self._events = self._events, []
            self._some.clear()
            self._room.set()
            if not events:
                return
            began = self._clock.monotonic()
            crash_at("polled")
            try:
                receipts = await self._duties.receive([delivery_of(event) for event in events])
            except asyncio.CancelledError:
                raise
            except BaseException as error:
                end_now(error)
                raise
            crash_at("before-ack")
            for event in events:
                event.committed = True
                event.ack()
            crash_at("after-ack")
            self._on_commit()
            self._note(events, receipts, began)

    def _note(self, events: Sequence[HeldEvent], receipts: Sequence[Receipt], began: float) -> None:
        self.last_commit = self._clock.monotonic()
        for event in events:
            place = TopicPartition(event.message.topic, event.message.partition)
            self.next_offsets[place] = event.message.offset + 1
        self._metrics.batch_seconds.observe(self.last_commit - began)
        self._metrics.batch_size.observe(len(events))
        self._metrics.count_outcomes(Counter((r.outcome, r.reason or "") for r in receipts))
        self._metrics.count_findings(name for r in receipts for name in r.findings)


def input_topics(app: faust.App, settings: Settings) -> TopicT:
    """Return the input topics as one channel of raw bytes.

    Faust commits the offset of a message that it cannot decode, so it must decode nothing.
    """
    return app.topic(
        *settings.kafka.inputs,
        key_type=bytes,
        value_type=bytes,
        key_serializer="raw",
        value_serializer="raw",
    )


def add_agent(app: faust.App, settings: Settings, batches: Batches) -> None:
    """Register the one agent over the three input topics.

    Raises StartRefusedError unless its concurrency is 1: more would commit past unfinished work.
    """
    agent = app.agent(input_topics(app, settings), name="intake", concurrency=1)(batches.consume)
    if agent.concurrency != 1:
        message = "the agent must have concurrency 1; runbook: wrong-library"
        raise StartRefusedError(message)
