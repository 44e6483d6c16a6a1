"""What a topic does not take is told apart from a broker that does not answer."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from confluent_kafka import Producer

from monitor.clock import FixedClock
from monitor.exits import UnreachableError
from monitor.ledger.entries import QuarantineRow
from monitor.ledger.refusals import delivery_key
from monitor.quarantine import quarantine_row
from monitor.settings import KafkaSettings
from monitor.stream.admin import DEAD_LETTER_BYTES_MAX
from monitor.stream.embedded import EmbeddedBroker
from monitor.stream.resending import Resender
from monitor.wire.delivery import Delivery, Reason, Rejection
from tests.intake.desk import NOON

TOPIC = "ctdna.results"


def row(offset: int, value: bytes = b"x", partition: int = 0) -> QuarantineRow:
    delivery = Delivery(TOPIC, partition, offset, None, (), value)
    rejection = Rejection(Reason.UNDECODABLE, None, "no JSON")
    return quarantine_row(delivery, rejection, FixedClock(NOON).now(), None)


@pytest.fixture(scope="module")
def kafka() -> Iterator[KafkaSettings]:
    with EmbeddedBroker({TOPIC: 2}) as broker:
        yield KafkaSettings(bootstrap_servers=broker.bootstrap_servers, request_timeout_s=10)


async def test_what_is_too_long_or_has_no_partition_is_left_and_the_others_go(
    kafka: KafkaSettings,
) -> None:
    long = row(1, bytes(DEAD_LETTER_BYTES_MAX + 1))
    rows = [row(0), long, row(2), row(3, partition=7), row(4, partition=1)]
    async with Resender(kafka) as sending:
        await sending.send(rows[:1])
        await sending.send(rows[1:])
        assert sorted(sending.acknowledged()) == sorted(
            delivery_key(one) for one in (rows[0], rows[2], rows[4])
        )
        assert sorted(sending.unsendable) == [delivery_key(long), delivery_key(rows[3])]


async def test_where_more_waits_than_may_it_goes_on_once_that_is_sent(
    kafka: KafkaSettings,
) -> None:
    rows = [row(n) for n in range(20)]
    async with Resender(kafka) as sending:
        sending._producer = Producer({
            "bootstrap.servers": kafka.bootstrap_servers,
            "queue.buffering.max.messages": 3,
            "linger.ms": 50,
        })  # fmt: skip
        await sending.send(rows)
        assert sending.acknowledged() == list(map(delivery_key, rows))


async def test_a_broker_that_is_away_is_no_fault_of_the_message(kafka: KafkaSettings) -> None:
    away = kafka.model_copy(update={"bootstrap_servers": "127.0.0.1:1", "request_timeout_s": 1})
    async with Resender(away) as sending:
        with pytest.raises(UnreachableError):
            await sending.send([replace(row(0), offset=9)])
        assert (sending.acknowledged(), sending.unsendable) == ([], [])
