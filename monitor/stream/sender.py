"""Gives notices and dead letters to the broker and returns only what it acknowledged."""

import asyncio
import contextlib
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from monitor.exits import ConfigurationError, UnreachableError
from monitor.relay import UnsendableError
from monitor.settings import KafkaSettings
from monitor.stream.admin import DEAD_LETTER_BYTES_MAX
from monitor.stream.security import aiokafka_security

LINGER_MS = 2  # what the relay sends together travels together
STOP_SECONDS_MAX = 2.0
_NO_VALUE = object()  # the client refuses a message with neither key nor value out of hand


def _bytes_of(value: object) -> object:
    return None if value is _NO_VALUE else value


async def connect(producer: AIOKafkaProducer, kafka: KafkaSettings) -> None:
    """Start a producer. Raises UnreachableError, ConfigurationError that name the settings."""
    try:
        await producer.start()
    except ValueError:
        await producer.stop()
        message = "CTDNA_MONITOR_KAFKA__BOOTSTRAP_SERVERS must be host:port, several by comma"
        raise ConfigurationError(message) from None
    except KafkaError as error:
        await producer.stop()
        message = (
            f"no connection to the broker at {kafka.bootstrap_servers} "
            f"({type(error).__name__}): is it running, and are address, protocol, user, "
            "password and CA file right (CTDNA_MONITOR_KAFKA__…)?"
        )
        raise UnreachableError(message) from error


async def disconnect(producer: AIOKafkaProducer) -> None:
    """Stop a producer; what the broker does not answer is left after 2 s."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOP_SECONDS_MAX):
            await producer.stop()


class KafkaSender:
    """An idempotent producer; the default partitioner is Java's murmur2, as subscribers expect.

    After an error that the client does not retry, its sequence numbers no longer fit the broker's:
    every later batch of the partition would be refused. So the producer is replaced then; the old
    one ends when its last message came back.
    """

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._producer = self._new_producer()
        self._stale = False
        self._replacing = asyncio.Lock()
        self._retiring: set[asyncio.Task[None]] = set()

    def _new_producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=self._kafka.bootstrap_servers,
            acks="all",
            enable_idempotence=True,
            linger_ms=LINGER_MS,
            request_timeout_ms=int(self._kafka.request_timeout_s * 1000),
            max_request_size=DEAD_LETTER_BYTES_MAX,
            value_serializer=_bytes_of,
            **aiokafka_security(self._kafka),
        )

    async def __aenter__(self) -> Self:
        """Connect; raises UnreachableError that names the settings to look at."""
        await connect(self._producer, self._kafka)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect; what the broker does not answer is left after 2 s, and sent again later."""
        for task in self._retiring:
            task.cancel()
        await disconnect(self._producer)

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes | None]],
    ) -> tuple[int, int]:
        """Return (partition, offset) after every in-sync replica has it.

        Raises UnsendableError for a message that is too large, else KafkaError.
        """
        producer = await self._sound_producer()
        try:
            report = await producer.send_and_wait(
                topic, value=_NO_VALUE if value is None else value, key=key, headers=list(headers)
            )
        except MessageSizeTooLargeError:
            self._stale = self._stale or producer is self._producer
            raise UnsendableError from None
        except KafkaError:
            self._stale = self._stale or producer is self._producer
            raise
        return report.partition, report.offset

    async def _sound_producer(self) -> AIOKafkaProducer:
        async with self._replacing:
            if self._stale:
                producer = self._new_producer()
                await producer.start()
                retiring = asyncio.create_task(self._producer.stop())
                self._retiring.add(retiring)
                retiring.add_done_callback(self._retiring.discard)
                self._producer, self._stale = producer, False
            return self._producer

    async def ping(self) -> None:
        """Ask a broker for metadata; raises KafkaError when none answers."""
        await self._producer.client.fetch_all_metadata()
