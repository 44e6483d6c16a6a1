"""Sends messages in order, few at a time, and knows to the end which of them Kafka has."""

import asyncio
import contextlib
import signal
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, TopicAuthorizationFailedError

from monitor.clock import Clock
from monitor.exits import ExpectedError, UnreachableError
from monitor.settings import KafkaSettings
from monitor.stream.pace import Pace
from monitor.stream.pulling import Puller
from monitor.stream.security import aiokafka_security
from monitor.stream.sender import connect, disconnect
from monitor.wire.limits import VALUE_BYTES_MAX

STRUCTURED = (("content-type", b"application/cloudevents+json"),)
IN_FLIGHT_MAX = 4000
IN_FLIGHT_BYTES_MAX = 16 * 1024 * 1024
BATCH_BYTES = 64 * 1024
LINGER_MS = 20
ENVELOPE_BYTES_MAX = 16 * 1024  # what key and header add to a message's value
LAST_ANSWERS_SECONDS = 10.0  # how long an interrupted run waits for what is on its way
TURN = 50  # messages between two turns of the loop, in which batches leave


class Message(NamedTuple):
    """A structured event; `file` and `line` say where it is from, counted from 1."""

    file: int
    line: int
    topic: str
    key: bytes | None
    value: bytes


@dataclass(slots=True)
class Acknowledged:
    """What the broker has of one topic: how many, and the last offset of each partition."""

    count: int = 0
    last_offsets: dict[int, int] = field(default_factory=dict)


class _Report(Protocol):
    topic: str
    partition: int
    offset: int


class Publishing:
    """One run. Whatever ends it, `acknowledged` and `resume_at` are right afterwards."""

    def __init__(self, kafka: KafkaSettings, clock: Clock, rate: float | None) -> None:
        """`rate` is in messages a second; None: as fast as it goes."""
        self.acknowledged: dict[str, Acknowledged] = {}
        self.failure: ExpectedError | None = None
        self.interrupted = False
        self.connected = False
        self._all_sent = False
        self._kafka = kafka
        self._pace = Pace(clock, rate)
        self._topics: frozenset[str] = frozenset()
        self._flying: deque[tuple[Message, asyncio.Future[_Report]]] = deque()
        self._flying_bytes = 0
        self._pending: Message | None = None  # the first that the broker may not have
        self._last: Message | None = None

    @property
    def total(self) -> int:
        """How many messages the broker has acknowledged."""
        return sum(one.count for one in self.acknowledged.values())

    @property
    def resume_at(self) -> tuple[int, int] | None:
        """File and line from which another run makes this one whole; None: nothing is left."""
        if self._pending is not None:
            return self._pending.file, self._pending.line
        if self._all_sent:
            return None
        return (self._last.file, self._last.line + 1) if self._last else (1, 1)

    async def run(
        self, messages: Iterator[Message], at_once: int, told: Callable[[int], None]
    ) -> None:
        """Send everything, or until it fails or is interrupted; `told` gets the running count.

        `at_once` messages are asked for at a time, in a thread: it may have to wait for them.
        Raises UnreachableError when no broker answers at the start, and what `messages` raises.
        """
        async with self._producer() as producer:
            self.connected = True
            work = asyncio.create_task(self._send_all(producer, Puller(messages, at_once), told))
            with self._interrupting(work):
                try:
                    await work
                except asyncio.CancelledError:
                    if not self.interrupted:
                        raise
                except KafkaError as error:
                    await self._settle()  # which may find the message that failed
                    self.failure = self.failure or _in_words(error, self._pending)
                except ExpectedError as error:
                    self.failure = error
                finally:
                    await self._settle()

    async def _send_all(
        self, producer: AIOKafkaProducer, puller: Puller[Message], told: Callable[[int], None]
    ) -> None:
        while batch := await puller.pull():
            for number, message in enumerate(batch):
                self._pending = message
                if number % TURN == 0:
                    told(self.total)
                    await asyncio.sleep(0)
                await self._pace.wait()
                await self._make_room()
                await self._send(producer, message)
                self._pending, self._last = None, message
        self._all_sent = True

    async def _send(self, producer: AIOKafkaProducer, message: Message) -> None:
        """Hand one over. Cancelled or failed, it is not on its way."""
        if message.topic not in self._topics:
            raise ExpectedError(
                f"there is no topic {message.topic}, or this user may not see it: run `monitor "
                "topics apply`, and look at CTDNA_MONITOR_KAFKA__TOPIC_PREFIX"
            )
        flying = await producer.send(
            message.topic, message.value, message.key, headers=list(STRUCTURED)
        )
        self._flying.append((message, flying))
        self._flying_bytes += len(message.value)

    async def _make_room(self) -> None:
        """Count what was answered, and wait while too much is not. Raises KafkaError."""
        while self._flying:
            message, flying = self._flying[0]
            if not flying.done():
                if len(self._flying) < IN_FLIGHT_MAX and self._flying_bytes < IN_FLIGHT_BYTES_MAX:
                    return
                await asyncio.wait([flying])
            self._count(flying.result())
            self._flying.popleft()
            self._flying_bytes -= len(message.value)

    def _count(self, report: _Report) -> None:
        kept = self.acknowledged.setdefault(report.topic, Acknowledged())
        kept.count += 1
        before = kept.last_offsets.get(report.partition, -1)
        kept.last_offsets[report.partition] = max(before, report.offset)

    async def _settle(self) -> None:
        """Wait for the last answers; count them and find the first message without a good one."""
        patience = LAST_ANSWERS_SECONDS + (0 if self.interrupted else self._kafka.request_timeout_s)
        if self._flying:
            await asyncio.wait([flying for _, flying in self._flying], timeout=patience)
        without: Message | None = None
        for message, flying in self._flying:
            flying.add_done_callback(_retrieved)
            error = flying.exception() if flying.done() else KafkaError()
            if error is None:
                self._count(flying.result())
                continue
            without = without or message
            if self.failure is None and isinstance(error, KafkaError) and not self.interrupted:
                self.failure = _in_words(error, message)
        self._flying.clear()
        self._pending = without or self._pending

    @contextmanager
    def _interrupting(self, work: asyncio.Task[None]) -> Iterator[None]:
        """Let SIGINT and SIGTERM end the sending in order."""

        def interrupt() -> None:
            self.interrupted = True
            work.cancel()

        loop = asyncio.get_running_loop()
        with contextlib.suppress(NotImplementedError):  # Windows: the run ends as it comes
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, interrupt)
        try:
            yield
        finally:
            with contextlib.suppress(NotImplementedError):
                for number in (signal.SIGINT, signal.SIGTERM):
                    loop.remove_signal_handler(number)

    @asynccontextmanager
    async def _producer(self) -> AsyncIterator[AIOKafkaProducer]:
        """A connected producer; its default partitioner is Java's murmur2, as other senders' is."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self._kafka.bootstrap_servers,
            acks="all",
            enable_idempotence=True,
            linger_ms=LINGER_MS,
            max_batch_size=BATCH_BYTES,
            request_timeout_ms=int(self._kafka.request_timeout_s * 1000),
            max_request_size=VALUE_BYTES_MAX + ENVELOPE_BYTES_MAX,
            **aiokafka_security(self._kafka),
        )
        await connect(producer, self._kafka)
        try:
            cluster = await producer.client.fetch_all_metadata()
            self._topics = frozenset(cluster.topics())
            yield producer
        finally:
            await disconnect(producer)


def _retrieved(flying: "asyncio.Future[_Report]") -> None:
    """Look at an answer that came too late to count, so that nobody complains of it unseen."""
    if not flying.cancelled():
        flying.exception()


def _in_words(error: KafkaError, message: Message | None) -> ExpectedError:
    topic = message.topic if message else "the topic"
    if isinstance(error, MessageSizeTooLargeError):
        return ExpectedError(
            f"a message is larger than {topic} takes: raise the topic's max.message.bytes"
        )
    if isinstance(error, TopicAuthorizationFailedError):
        return ExpectedError(f"this user may not write to {topic}: ask for the right to")
    return UnreachableError(
        f"the broker did not acknowledge a message ({type(error).__name__}): is it running?"
    )
