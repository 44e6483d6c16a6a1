"""The worker's parts one by one: batches, relay loop, sender, log limit, embedded broker."""

import asyncio
import logging
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from confluent_kafka import Consumer
from confluent_kafka import TopicPartition as KafkaPartition
from faust.types.tuples import Message
from prometheus_client import CollectorRegistry

from monitor.clock import Clock
from monitor.exits import Exit
from monitor.metrics import Metrics
from monitor.relay import UnsendableError
from monitor.settings import KafkaSettings, Settings
from monitor.stream import stopping
from monitor.stream.admin import DEAD_LETTER_BYTES_MAX
from monitor.stream.agents import Batches
from monitor.stream.app import HeldEvent
from monitor.stream.duties import Duties, Receipt
from monitor.stream.embedded import EmbeddedBroker
from monitor.stream.quiet import RECORDS_MAX, SECONDS, RateLimit
from monitor.stream.relaying import Relaying
from monitor.stream.sender import KafkaSender
from monitor.stream.stopping import Stop
from monitor.wire.delivery import Delivery
from tests.stream.harness import ROOT
from tests.stream.recorder import Noted

# Vectors of Apache Kafka's own test of its partitioner.
MURMUR2 = {b"21": -973932308, b"foobar": -790332482, b"abc": 479470107}


class Counting:
    """Duties that count; `failures` sends fail first."""

    def __init__(self, failures: int = 0, waiting: int = 0) -> None:
        self.batches: list[int] = []
        self.failures = failures
        self.waiting = waiting
        self.calls = 0

    async def receive(self, deliveries: Sequence[Delivery]) -> Sequence[Receipt]:
        self.batches.append(len(deliveries))
        return [Noted("applied", findings=("NEW_LESION",)) for _ in deliveries]

    async def send_once(self) -> int:
        self.calls += 1
        if self.failures:
            self.failures -= 1
            raise ConnectionError
        sent, self.waiting = self.waiting, 0
        return sent


class Queue:
    """A channel's queue that claims to hold more than it ever gives."""

    def empty(self) -> bool:
        return False


class Stalled:
    """A stream that gives some events and then nothing, as one whose queue was cleared."""

    def __init__(self, events: Sequence[HeldEvent]) -> None:
        self._events = events
        self.channel = self
        self.queue = Queue()

    def noack(self) -> "Stalled":
        return self

    async def events(self) -> Any:
        for event in self._events:
            yield event
        await asyncio.Event().wait()


def metrics() -> Metrics:
    return Metrics(CollectorRegistry(), "0")


def held_event(offset: int) -> HeldEvent:
    app = cast("Any", SimpleNamespace(consumer=None))  # a plain message asks it nothing
    message = Message(
        "ctdna.results", 0, offset, 0.0, 0, [("a", b"1"), ("a", b"2")], None, None, None
    )
    return HeldEvent(app, None, None, [], message)


async def test_a_batch_that_no_next_event_ends_is_recorded_all_the_same() -> None:
    duties, told = Counting(), metrics()
    batches = Batches(
        cast("Duties", duties), asyncio.Lock(), Settings(), told, Clock(), on_commit=lambda: None
    )
    events = [held_event(offset) for offset in range(3)]
    consuming = asyncio.create_task(batches.consume(cast("Any", Stalled(events))))
    await asyncio.sleep(0.05)
    assert duties.batches == []
    assert not any(event.message.acked for event in events)
    recording = asyncio.create_task(batches.run())
    await asyncio.sleep(0.05)
    consuming.cancel()
    recording.cancel()
    assert duties.batches == [3]
    assert all(event.message.acked for event in events)
    labels = {"outcome": "applied", "reason": ""}
    assert told.registry.get_sample_value("ctdna_monitor_events_total", labels) == 3
    labels = {"finding": "NEW_LESION"}
    assert told.registry.get_sample_value("ctdna_monitor_notices_total", labels) == 3


def test_an_event_is_not_acknowledged_before_its_batch_is_committed() -> None:
    assert not held_event(0).ack()


async def test_the_relay_goes_on_after_failures_and_wakes_at_once() -> None:
    duties, told = Counting(failures=1, waiting=2), metrics()
    relaying = Relaying(cast("Duties", duties), told, Clock())
    running = asyncio.create_task(relaying.run())
    await asyncio.sleep(0.25)  # the failure's pause is over
    assert told.registry.get_sample_value("ctdna_monitor_relayed_total") == 2
    duties.waiting = 3
    relaying.wake()
    await asyncio.sleep(0.02)
    assert told.registry.get_sample_value("ctdna_monitor_relayed_total") == 5
    running.cancel()
    failed = told.registry.get_sample_value("ctdna_monitor_failures_total", {"part": "relay"})
    assert failed == 1


@pytest.mark.parametrize("key", MURMUR2)
async def test_sent_messages_lie_where_java_would_put_them(key: bytes) -> None:
    with EmbeddedBroker({"monitor.notices": 12}) as broker:
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
        async with KafkaSender(kafka) as sender:
            headers = [("h", b"1"), ("h", b"2"), ("none", None)]
            partition, offset = await sender.send("monitor.notices", key, None, headers)
        assert partition == (MURMUR2[key] & 0x7FFFFFFF) % 12
        consumer = Consumer({"bootstrap.servers": kafka.bootstrap_servers, "group.id": "reader"})
        consumer.assign([KafkaPartition("monitor.notices", partition, offset)])
        message = await asyncio.to_thread(consumer.poll, 5.0)
        consumer.close()
    assert message is not None
    assert (message.key(), message.value(), message.headers()) == (key, None, headers)


async def test_a_message_without_key_and_value_is_sent_as_it_is() -> None:
    """A dead letter keeps what came; the client itself would refuse it at every try."""
    with EmbeddedBroker({"monitor.notices": 1}) as broker:
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
        async with KafkaSender(kafka) as sender:
            sent = [await sender.send("monitor.notices", None, value, []) for value in (None, b"")]
        consumer = Consumer({"bootstrap.servers": kafka.bootstrap_servers, "group.id": "reader"})
        consumer.assign([KafkaPartition("monitor.notices", 0, 0)])
        found = [await asyncio.to_thread(consumer.poll, 5.0) for _ in sent]
        consumer.close()
    told = [(one.key(), one.value()) for one in found if one is not None]
    assert told == [(None, None), (None, b"")]


async def test_a_producer_that_had_an_error_is_replaced() -> None:
    with EmbeddedBroker({"monitor.notices": 1}) as broker:
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
        async with KafkaSender(kafka) as sender:
            first = sender._producer
            assert await sender.send("monitor.notices", None, b"1", []) == (0, 0)
            assert sender._producer is first
            with pytest.raises(UnsendableError):
                await sender.send("monitor.notices", None, b"2" * DEAD_LETTER_BYTES_MAX, [])
            assert await sender.send("monitor.notices", None, b"3", []) == (0, 1)
            assert sender._producer is not first


class Hand(Clock):
    """A clock moved by hand."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def test_a_repeating_record_is_held_back_and_counted() -> None:
    clock = Hand()
    limit = RateLimit(clock)

    def record() -> logging.LogRecord:
        return logging.LogRecord(
            "aiokafka", logging.ERROR, "client.py", 7, "no %s", ("node",), None
        )

    assert sum(limit.filter(record()) for _ in range(50)) == RECORDS_MAX
    clock.seconds = SECONDS
    told = record()
    assert limit.filter(told)
    assert told.getMessage() == f"no node [{50 - RECORDS_MAX} like this were held back]"


def test_the_embedded_broker_ends_with_its_parent() -> None:
    program = (
        "import sys; from monitor.stream.embedded import EmbeddedBroker\n"
        "broker = EmbeddedBroker({'t': 1}); broker.__enter__()\n"
        "print(broker.pid, flush=True); sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    os.kill(pid, 0)
    parent.kill()
    parent.communicate()
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the broker outlived its parent")


@pytest.mark.parametrize("is_done", [True, False])
async def test_a_worker_that_was_asked_is_gone_by_the_limit(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, *, is_done: bool
) -> None:
    """Also when all is done and only a thread of its own goes on reading."""
    monkeypatch.setattr(stopping, "DRAIN_SECONDS_MAX", 0.05)
    left: list[Exit] = []
    stop = Stop(left.append)
    stop.ask()
    if is_done:
        stop.done()
    await asyncio.sleep(0.3)
    assert left == [Exit.OK]
    assert ("left to be delivered again" in caplog.text) is not is_done
