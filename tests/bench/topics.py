"""What lies in the topics: where they end, what was sent and when, and notices as they come."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from typing import cast

from confluent_kafka import Consumer, KafkaException, Message
from confluent_kafka import TopicPartition as KafkaPartition

from monitor.clock import Clock
from monitor.settings import INPUT_TOPICS, NOTICES_TOPIC
from monitor.wire.cloudevents import open_delivery
from monitor.wire.delivery import Delivery, Rejection
from tests.bench.children import Place
from tests.bench.cohort import PARTITIONS

ANSWER_SECONDS_MAX = 10.0
POLL_SECONDS_MAX = 0.05


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as the topic holds it; `at` is Kafka's record timestamp in seconds."""

    place: Place
    offset: int
    at: float
    event_id: str


def ends(bootstrap: str, *topics: str) -> dict[Place, int]:
    """The offset after the last message of every partition, of the input topics by default."""
    with closing(_consumer(bootstrap)) as consumer:
        return {
            (topic, partition): consumer.get_watermark_offsets(
                KafkaPartition(topic, partition), timeout=ANSWER_SECONDS_MAX
            )[1]
            for topic in topics or INPUT_TOPICS
            for partition in range(PARTITIONS)
        }


def sent_between(bootstrap: str, begin: dict[Place, int], end: dict[Place, int]) -> list[Sent]:
    """Read back the messages from `begin` until before `end`."""
    found: list[Sent] = []
    with closing(_consumer(bootstrap)) as consumer:
        consumer.assign([KafkaPartition(*place, begin[place]) for place in begin])
        while len(found) < sum(end.values()) - sum(begin.values()):
            some = consumer.consume(1000, timeout=ANSWER_SECONDS_MAX)
            if not some:
                raise TimeoutError("the topics do not hold what they said")
            found += map(_sent, some)
    return found


def _sent(message: Message) -> Sent:
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None
    assert partition is not None
    assert offset is not None
    headers = tuple((name, _bytes(value)) for name, value in _headers(message).items())
    key, value = _bytes(message.key()), _bytes(message.value())
    opened = open_delivery(Delivery(topic, partition, offset, key, headers, value))
    assert not isinstance(opened, Rejection)
    return Sent((topic, partition), offset, message.timestamp()[1] / 1000, opened.event_id)


@contextmanager
def subscribed(bootstrap: str) -> Iterator[list[tuple[str, float]]]:
    """Collect the cause of every notice from now on, with the time at which it was received."""
    consumer = _consumer(bootstrap)
    begin = ends(bootstrap, NOTICES_TOPIC)
    consumer.assign([KafkaPartition(*place, offset) for place, offset in begin.items()])
    noticed: list[tuple[str, float]] = []
    clock, stop = Clock(), Event()

    def collect() -> None:
        while not stop.is_set():
            message = consumer.poll(POLL_SECONDS_MAX)
            if message is not None:
                noticed.append((_cause(message), clock.now().timestamp()))

    thread = Thread(target=collect)
    thread.start()
    try:
        yield noticed
    finally:
        stop.set()
        thread.join()
        consumer.close()


def _cause(message: Message) -> str:
    if error := message.error():
        raise KafkaException(error)
    return _bytes(_headers(message)["ce_causationid"]).decode()


def _headers(message: Message) -> dict[str, str | bytes | None]:
    return dict(cast("list[tuple[str, str | bytes | None]]", message.headers() or []))


def _bytes(value: str | bytes | None) -> bytes:
    return value.encode() if isinstance(value, str) else value or b""


def _consumer(bootstrap: str) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "bench",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 10,
        }
    )
