"""Gives notices and dead letters to the broker and returns only what it acknowledged."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from monitor.exits import UnreachableError
from monitor.settings import KafkaSettings
from monitor.stream.security import aiokafka_security

LINGER_MS = 2  # what the relay sends together travels together


class KafkaSender:
    """An idempotent producer; the default partitioner is Java's murmur2, as subscribers expect."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._servers = kafka.bootstrap_servers
        self._producer = AIOKafkaProducer(
            bootstrap_servers=kafka.bootstrap_servers,
            acks="all",
            enable_idempotence=True,
            linger_ms=LINGER_MS,
            request_timeout_ms=int(kafka.request_timeout_s * 1000),
            **aiokafka_security(kafka),
        )

    async def __aenter__(self) -> Self:
        """Connect; raises UnreachableError that names the settings to look at."""
        try:
            await self._producer.start()
        except KafkaError as error:
            await self._producer.stop()
            message = (
                f"no connection to the broker at {self._servers} ({type(error).__name__}): is it "
                "running, and are address, protocol, user, password and CA file right "
                "(CTDNA_MONITOR_KAFKA__…)?"
            )
            raise UnreachableError(message) from error
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect."""
        await self._producer.stop()

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes | None]],
    ) -> tuple[int, int]:
        """Return (partition, offset) after every in-sync replica has it; raises KafkaError."""
        report = await self._producer.send_and_wait(
            topic, value=value, key=key, headers=list(headers)
        )
        return report.partition, report.offset

    async def ping(self) -> None:
        """Ask a broker for metadata; raises KafkaError when none answers."""
        await self._producer.client.fetch_all_metadata()
