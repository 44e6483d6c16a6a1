"""Publishes messages at a steady rate from a thread of its own, as far as it is allowed to."""

import threading
import time
from collections.abc import Sequence

from confluent_kafka import Producer

from tests.faults.messages import Message

FLUSH_SECONDS_MAX = 120.0
BY_KEY = -1  # librdkafka's word for "whichever the partitioner says"


class Feeder(threading.Thread):
    """Sends in order; an idempotent producer keeps that order when the broker goes away."""

    def __init__(
        self, bootstrap: str, prefix: str, messages: Sequence[Message], per_second: float
    ) -> None:
        super().__init__(daemon=True)
        self.allowed = len(messages)
        self.sent = 0
        self.stopped = False
        self.failed: list[str] = []
        self._prefix = prefix
        self._messages = messages
        self._pause_s = 1 / per_second
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "linger.ms": 5,
                "message.timeout.ms": int(FLUSH_SECONDS_MAX * 1000),
                "log_level": 0,
            }
        )

    def run(self) -> None:
        due = time.monotonic()
        for one in self._messages:
            due = max(due + self._pause_s, time.monotonic() - 1.0)
            while self.sent >= self.allowed or time.monotonic() < due:
                if self.stopped:
                    return
                self._producer.poll(0.01)
            self._send(one)
            self.sent += 1
        left = self._producer.flush(FLUSH_SECONDS_MAX)
        if left:
            self.failed.append(f"{left} messages were never acknowledged")

    def _send(self, one: Message) -> None:
        self._producer.produce(
            self._prefix + one.topic,
            one.value,
            one.key,
            partition=BY_KEY if one.partition is None else one.partition,
            headers=list(one.headers),
            on_delivery=self._delivered,
        )
        self._producer.poll(0)

    def _delivered(self, error: object, _message: object) -> None:
        if error is not None:
            self.failed.append(str(error))
