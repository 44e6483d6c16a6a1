"""A steady stream of messages past the proxy, and what the broker acknowledged of it."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from confluent_kafka import Message as KafkaMessage
from confluent_kafka import Producer

from tests.chaos.checker.evidence import Acknowledged, Place
from tests.senders.messages import Message

ACKNOWLEDGED_SECONDS_MAX = 180.0


class Feed(threading.Thread):
    """Sends in order; an idempotent producer keeps that order when brokers go away."""

    def __init__(
        self, bootstrap: str, prefix: str, messages: Sequence[Message], per_second: float
    ) -> None:
        super().__init__(daemon=True)
        self.sent = 0
        self.failed: list[str] = []
        self.acknowledged: list[Acknowledged] = []
        self.reached: defaultdict[Place, int] = defaultdict(int)  # next offsets, acknowledged
        self._going = threading.Event()
        self._ended = threading.Event()
        self._going.set()
        self._prefix = prefix
        self._messages = messages
        self._pause_s = 1 / per_second
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "linger.ms": 5,
                "topic.metadata.refresh.interval.ms": 5_000,
                "message.timeout.ms": int(ACKNOWLEDGED_SECONDS_MAX * 1000),
                "log_level": 0,
            }
        )

    @property
    def messages(self) -> Sequence[Message]:
        """Those that were sent."""
        return self._messages[: self.sent]

    def run(self) -> None:
        due = time.monotonic()
        for one in self._messages:
            due = max(due + self._pause_s, time.monotonic() - 1.0)
            while time.monotonic() < due or not self._going.is_set():
                self._producer.poll(0.01)
                if self._ended.is_set():
                    return
            self.send(one)
            self.sent += 1

    def pause(self) -> None:
        """Send nothing until `resume`, and wait until all that was sent is acknowledged."""
        self._going.clear()
        self._settle()

    def resume(self) -> None:
        self._going.set()

    def end(self) -> None:
        """Send nothing any more; return when all that was sent is acknowledged."""
        self._ended.set()
        if self.ident is not None:
            self.join(ACKNOWLEDGED_SECONDS_MAX)
        self._settle()

    def _settle(self) -> None:
        if self._producer.flush(ACKNOWLEDGED_SECONDS_MAX):
            self.failed.append("messages were never acknowledged")

    def send(self, one: Message) -> None:
        """Send one message now."""
        self._producer.produce(
            self._prefix + one.topic,
            one.value,
            one.key,
            headers=list(one.headers),
            on_delivery=self._delivered(one),
        )
        self._producer.poll(0)

    def _delivered(self, one: Message) -> Callable[[Any, KafkaMessage], None]:
        def note(error: Any, found: KafkaMessage) -> None:
            if error is not None:
                self.failed.append(str(error))
                return
            topic, partition, offset = found.topic(), found.partition(), found.offset()
            assert topic is not None
            assert partition is not None
            # A message whose acknowledgement was lost is reported without its offset.
            at = -1 if offset is None else offset
            self.acknowledged.append(Acknowledged(topic, partition, at, one.number, one.value))
            place = Place(topic, partition)
            self.reached[place] = max(self.reached[place], at + 1)

        return note
