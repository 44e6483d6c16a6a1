"""The one agent: greedy batches in arrival order, acknowledged only after they were committed."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import cast

import faust
from faust.types import TopicT

from monitor.clock import Clock
from monitor.exits import StartRefusedError
from monitor.ledger.entries import TopicPartition
from monitor.metrics import Metrics
from monitor.settings import Settings
from monitor.stream.app import HeldEvent
from monitor.stream.duties import Duties, Receipt
from monitor.stream.stopping import end_now
from monitor.wire.delivery import Delivery

STRAGGLER_SECONDS = 0.1


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
    )


class Batches:
    """Collects events and hands them on: when none is waiting, when full, or when old."""

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
        self._age_max_s = settings.worker.batch_age_ms / 1000
        self._metrics = metrics
        self._clock = clock
        self._on_commit = on_commit
        self._events: list[HeldEvent] = []
        self._began = 0.0
        self._straggler: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.next_offsets: dict[TopicPartition, int] = {}
        self.last_commit = clock.monotonic()

    async def consume(self, stream: faust.StreamT[bytes]) -> None:
        """Take events for as long as the stream lasts; never lets an error reach Faust.

        Faust acknowledges the event whose agent raised, whatever the supervisor.
        """
        try:
            held = cast("faust.Stream[bytes]", stream).noack()
            waiting = cast("faust.ChannelT[bytes]", held.channel).queue
            async for event in held.events():
                self._add(cast("HeldEvent", event))
                if waiting.empty() or self._is_due():
                    await self.flush()
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - nothing may leave the agent
            end_now(error)

    def _add(self, event: HeldEvent) -> None:
        if not self._events:
            self._began = self._clock.monotonic()
            # Events may be taken from the queue by a rebalance between two of ours; then no
            # next event ends this batch, while the rebalance waits for it to be acknowledged.
            loop = asyncio.get_running_loop()
            self._straggler = loop.call_later(STRAGGLER_SECONDS, self._flush_straggler)
        self._events.append(event)

    def _is_due(self) -> bool:
        age_s = self._clock.monotonic() - self._began
        return len(self._events) >= self._size_max or age_s >= self._age_max_s

    def _flush_straggler(self) -> None:
        task = asyncio.create_task(self.flush())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def flush(self) -> None:
        """Have the events in hand recorded, then acknowledge them."""
        async with self._turn:
            events, self._events = self._events, []
            if self._straggler is not None:
                self._straggler.cancel()
            if not events:
                return
            began = self._clock.monotonic()
            try:
                receipts = await self._duties.receive([delivery_of(event) for event in events])
            except BaseException as error:
                end_now(error)
                raise
            for event in events:
                event.committed = True
                event.ack()
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
