"""What the demonstration sends to the broker and hears from it, as any system would."""

import json
from collections.abc import Iterator, Mapping
from itertools import chain, cycle, zip_longest
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    Message,
    Producer,
    TopicPartition,
)

from monitor import examples
from monitor.clock import Clock
from monitor.examples import published
from monitor.exits import UnreachableError
from monitor.settings import NOTICES_TOPIC
from monitor.wire.codec import TOPIC_OF

Event = Mapping[str, Any]
Headers = dict[str, str | bytes | None]

STRUCTURED: Headers = {"content-type": b"application/cloudevents+json; charset=UTF-8"}


def example_events() -> list[Event]:
    """Both sets of examples, each in its own order of arrival, one event of each in turn."""
    both = zip_longest(examples.lines(examples.MADE_UP), published.series())
    return [json.loads(line) for line in chain.from_iterable(both) if line]


class Feed:
    """Gives the broker `events` at a speed (events per second, 0: no limit)."""

    def __init__(
        self, bootstrap_servers: str, events: list[Event], speed: float, clock: Clock
    ) -> None:
        self.total = len(events)
        self.sent = 0  # acknowledged by the broker
        self._given = 0
        self._events: Iterator[tuple[Event, str]] = zip(events, cycle(MODES), strict=False)
        self._speed = speed
        self._clock = clock
        self._began = clock.monotonic()
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap_servers,
                "enable.idempotence": True,
                # As Java's clients do: a patient's events share a partition number on every topic.
                "partitioner": "murmur2_random",
                "linger.ms": 2,
                "log_level": 0,
            }
        )

    @property
    def done(self) -> bool:
        """Whether the broker has acknowledged everything."""
        return self.sent == self.total

    def send_due(self) -> None:
        """Send what the speed allows by now; never waits. Raises UnreachableError."""
        due = self.total
        if self._speed:
            due = min(due, 1 + int((self._clock.monotonic() - self._began) * self._speed))
        while self._given < due:
            self._give(*next(self._events))
            self._given += 1
        self._producer.poll(0)

    def _give(self, event: Event, mode: str) -> None:
        content = event["data"]
        headers, value = encoded(event, mode)
        self._producer.produce(
            TOPIC_OF[event["type"]],
            key=f"{content['study_id']}/{content['patient_id']}",
            value=value,
            headers=headers,
            on_delivery=self._acknowledged,
        )

    def _acknowledged(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            raise UnreachableError(f"the broker did not take an event ({error.name()})")
        self.sent += 1


class Subscriber:
    """Listens to the notices from the first one on, as an alerting service would."""

    def __init__(self, bootstrap_servers: str, partitions: int) -> None:
        self.heard = 0
        self._last_seen: dict[bytes | None, int] = {}
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": "demo-subscriber",
                "enable.auto.commit": False,
                "log_level": 0,
            }
        )
        self._consumer.assign(
            [TopicPartition(NOTICES_TOPIC, n, OFFSET_BEGINNING) for n in range(partitions)]
        )

    def listen(self, seconds: float) -> Iterator[Event]:
        """Notices that arrive within `seconds`; a sequence number seen before is dropped."""
        for message in self._consumer.consume(num_messages=100, timeout=seconds):
            value = message.value()
            if message.error() or value is None:
                continue
            notice = json.loads(value)
            if notice["sequence"] > self._last_seen.get(message.key(), 0):
                self._last_seen[message.key()] = notice["sequence"]
                self.heard += 1
                yield notice

    def close(self) -> None:
        """Stop listening."""
        self._consumer.close()


MODES = ("binary", "structured", "bare")


def encoded(event: Event, mode: str) -> tuple[Headers, bytes]:
    """Headers and value of an event in one of the three modes of contract 1."""
    if mode == "binary":
        attributes = {name: value for name, value in event.items() if name not in _NOT_HEADERS}
        headers: Headers = {f"ce_{name}": value.encode() for name, value in attributes.items()}
        headers["content-type"] = event["datacontenttype"].encode()
        return headers, _json(event["data"])
    return dict(STRUCTURED if mode == "structured" else {}), _json(event)


_NOT_HEADERS = {"data", "datacontenttype"}


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
