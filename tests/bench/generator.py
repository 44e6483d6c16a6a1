"""The senders: puts prepared messages on the topics at a steady pace. Run as a program.

`python -m tests.bench.generator BROKER FILE RATE`: FILE holds pickled deliveries, RATE is events
per second, 0 for as fast as it goes. Kafka's record timestamp is the moment of sending.
"""

import pickle
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from confluent_kafka import Producer

from monitor.wire.delivery import Delivery

PAUSE_SECONDS = 0.002
FLUSH_SECONDS_MAX = 30


def send(bootstrap: str, deliveries: Sequence[Delivery], rate: float) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "linger.ms": 1})
    producer.list_topics(timeout=FLUSH_SECONDS_MAX)  # connected before the first is due
    began = time.perf_counter()
    for number, one in enumerate(deliveries):
        while rate and number > (time.perf_counter() - began) * rate:
            producer.poll(PAUSE_SECONDS)
        _produce(producer, one)
    left = producer.flush(FLUSH_SECONDS_MAX)
    if left:
        raise TimeoutError(f"{left} messages were not acknowledged")


def _produce(producer: Producer, one: Delivery) -> None:
    while True:
        try:
            return producer.produce(
                one.topic, one.value, one.key, one.partition, headers=list(one.headers)
            )
        except BufferError:
            producer.poll(PAUSE_SECONDS)


if __name__ == "__main__":
    # Made by the bench that started us, just now.
    prepared = pickle.loads(Path(sys.argv[2]).read_bytes())  # noqa: S301
    send(sys.argv[1], prepared, float(sys.argv[3]))
