"""Reads topics whole, at their real offsets, whatever retention has already taken away."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from tests.chaos.checker.evidence import OnTopic, Place, place, position

SECONDS_MAX = 60.0


class Topics(NamedTuple):
    """Messages by partition and offset; of each partition its first offset and its end."""

    messages: list[OnTopic]
    bounds: Mapping[Place, tuple[int, int]]


def read_topics(bootstrap: str, names: Sequence[str]) -> Topics:
    """Everything that the topics hold; those that do not exist hold nothing."""
    told: dict[str, Any] = {
        "bootstrap.servers": bootstrap,
        "group.id": "checker",
        "enable.auto.commit": False,
        "log_level": 0,
    }
    consumer = Consumer(told)
    try:
        known = consumer.list_topics(timeout=SECONDS_MAX).topics
        places = [Place(t, p) for t in names if t in known for p in known[t].partitions]
        bounds = {one: _bounds(consumer, one) for one in places}
        return Topics(_messages(consumer, bounds), bounds)
    finally:
        consumer.close()


def _bounds(consumer: Consumer, one: Place) -> tuple[int, int]:
    deadline = time.monotonic() + SECONDS_MAX
    while True:
        try:
            found = consumer.get_watermark_offsets(TopicPartition(*one), timeout=SECONDS_MAX)
        except KafkaException:  # a leader that has just come back
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return (found[0], found[1])


def _messages(consumer: Consumer, bounds: Mapping[Place, tuple[int, int]]) -> list[OnTopic]:
    consumer.assign([TopicPartition(*one, low) for one, (low, _) in bounds.items()])
    missing = sum(high - low for low, high in bounds.values())
    found: list[OnTopic] = []
    deadline = time.monotonic() + SECONDS_MAX
    while len(found) < missing:
        batch = [one for one in consumer.consume(5_000, timeout=1.0) if one.error() is None]
        read = map(_on_topic, batch)
        found += [one for one in read if one.offset < bounds[place(one)][1]]
        if batch:
            deadline = time.monotonic() + SECONDS_MAX
        elif time.monotonic() > deadline:
            raise TimeoutError(f"{missing - len(found)} messages could not be read")
    return sorted(found, key=position)


def _on_topic(message: Message) -> OnTopic:
    headers: Any = message.headers() or ()
    value: Any = message.value()
    key: Any = message.key()
    located: Any = (message.topic(), message.partition(), message.offset())
    said: Any = (key, tuple(map(tuple, headers)), value)
    return OnTopic(*located, *said)
