"""Puts refused deliveries on their topics once more, where they were, byte for byte."""

import asyncio
from collections.abc import Sequence
from functools import partial
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from monitor.exits import UnreachableError
from monitor.ledger.closings import DeliveryKey
from monitor.ledger.entries import QuarantineRow
from monitor.ledger.redrive import redriven_headers
from monitor.ledger.refusals import delivery_key
from monitor.settings import KafkaSettings
from monitor.stream.admin import DEAD_LETTER_BYTES_MAX
from monitor.stream.preflight import QUIET
from monitor.stream.security import librdkafka_security

LAST_ANSWERS_SECONDS = 5.0
_NOT_TAKEN = frozenset({
    *(KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE),
    KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001 - its name; the topic was made anew with fewer
})  # fmt: skip


class Resender:
    """An idempotent producer that keeps the order in each partition, and the partition.

    The partition is the original one, whatever partitioner the sender had: a patient's messages
    stay together. `unsendable` are those that their topic does not take: too large for it, or of a
    partition that it does not have any more.
    """

    def __init__(self, kafka: KafkaSettings) -> None:
        self._patience = kafka.request_timeout_s
        self._producer = Producer({
            **librdkafka_security(kafka),
            **QUIET,
            "acks": "all",
            "enable.idempotence": True,
            "linger.ms": 5,
            # What came in compressed may be too large otherwise; every client reads gzip.
            "compression.type": "gzip",
            "compression.level": 1,
            "message.max.bytes": DEAD_LETTER_BYTES_MAX,
            "message.timeout.ms": int(kafka.request_timeout_s * 1000),
        })  # fmt: skip
        self._acknowledged: list[DeliveryKey] = []
        self._failed: KafkaError | None = None
        self.unsendable: list[DeliveryKey] = []

    async def send(self, rows: Sequence[QuarantineRow]) -> None:
        """Send in the order given and wait for the answers; `acknowledged` gives the good ones.

        Raises UnreachableError when one did not come, or was another than "not taken".
        """
        for row in rows:
            try:
                self._produce(row)
            except BufferError:  # as much waits as may
                await self._flush()
                self._produce(row)
        await self._flush()

    async def _flush(self) -> None:
        left = await asyncio.to_thread(self._producer.flush, self._patience)
        if self._failed is not None or left:
            name = self._failed.name() if self._failed else "no answer"
            raise UnreachableError(
                f"the broker did not acknowledge a message ({name}): is it running, and may this "
                "user write to the input topics?"
            )

    def _produce(self, row: QuarantineRow) -> None:
        key = delivery_key(row)
        try:
            self._producer.produce(
                row.topic,
                value=row.value,
                key=row.message_key,
                partition=row.partition,
                headers=list(redriven_headers(row)),
                on_delivery=partial(self._note, key),
            )
        except KafkaException as problem:  # seen before it was sent: no answer will tell
            self._note(key, problem.args[0])
        self._producer.poll(0)

    def acknowledged(self) -> list[DeliveryKey]:
        """What the broker has of what was sent since this was asked last."""
        found, self._acknowledged = self._acknowledged, []
        return found

    def _note(
        self, key: DeliveryKey, error: KafkaError | None, _message: Message | None = None
    ) -> None:
        if error is None:
            self._acknowledged.append(key)
        elif error.code() in _NOT_TAKEN:
            self.unsendable.append(key)
        else:
            self._failed = error

    async def __aenter__(self) -> Self:
        """Nothing is connected before something is sent."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait a short while for what is on its way."""
        await asyncio.to_thread(self._producer.flush, LAST_ANSWERS_SECONDS)
