"""The simulated broker, database and loop are as honest as what they stand for."""

import asyncio
import datetime
import time
from dataclasses import dataclass

import pytest

from monitor.ledger.entries import TopicPartition
from monitor.relay import LEASE, LEASE_SECONDS
from monitor.wire.delivery import Delivery
from tests.ledger.samples import TOPIC, accepted, changes, refused
from tests.simulation.broker import Broker, FencedError
from tests.simulation.calls import Exchange, LedgerPort
from tests.simulation.consumer import Consumer
from tests.simulation.database import Database
from tests.simulation.loop import VirtualLoop
from tests.simulation.worker import WorkerClock

TOPICS = ("one", "two")
AT = TopicPartition("one", 0)


def broker_with(count: int, partitions: int = 1) -> Broker:
    broker = Broker(TOPICS, partitions)
    for number in range(count):
        broker.append("one", b"key", str(number).encode(), (), 0)
    return broker


def test_a_key_has_the_same_partition_in_every_topic() -> None:
    broker = Broker(TOPICS, 5)
    keys = [str(number).encode() for number in range(50)]
    places = [(broker.append("one", key, b"", ())[0], broker.append("two", key, b"", ())[0])
              for key in keys]  # fmt: skip
    assert all(one == two for one, two in places)
    assert len({one for one, _ in places}) == 5


def test_members_share_the_partitions_and_each_has_all_topics_of_its_own() -> None:
    broker = Broker(TOPICS, 3)
    for name in ("a", "b"):
        broker.join(name)
    assigned = [broker.assignment(name) for name in ("a", "b")]
    assert sorted([*assigned[0], *assigned[1]]) == sorted(broker.places)
    assert {place.partition for place in assigned[0]}.isdisjoint(
        place.partition for place in assigned[1]
    )


def test_a_commit_of_an_earlier_generation_is_refused() -> None:
    broker = broker_with(3)
    consumer = Consumer("a", broker)
    deliveries, is_new = consumer.poll()
    assert is_new
    for delivery in deliveries:
        consumer.acknowledge(delivery)
    broker.join("b")
    with pytest.raises(FencedError):
        consumer.commit()
    assert broker.lag() == 3


def test_only_what_was_acknowledged_without_a_gap_is_committed() -> None:
    broker = broker_with(4)
    consumer = Consumer("a", broker)
    first, _, third, fourth = consumer.poll()[0]
    for delivery in (third, first):
        consumer.acknowledge(delivery)
    assert consumer.uncommitted() == {AT: 1}
    consumer.commit()
    consumer.acknowledge(fourth)
    assert consumer.uncommitted() == {}
    assert broker.group.committed == {AT: 1}


def test_what_was_not_committed_comes_again_to_the_next_member() -> None:
    broker = broker_with(3)
    gone = Consumer("a", broker)
    first, *_ = gone.poll()[0]
    gone.acknowledge(first)
    gone.commit()
    broker.leave("a")
    assert [one.offset for one in Consumer("b", broker).poll()[0]] == [1, 2]


def test_the_loop_s_time_is_its_own() -> None:
    asked: list[float | None] = []

    def decide(timeout: float | None) -> None:
        asked.append(timeout)
        assert timeout is not None
        loop.advance(timeout)

    loop, begun = VirtualLoop(decide), time.monotonic()
    loop.run_until_complete(asyncio.sleep(3600))
    assert loop.time() == 3600
    assert asked == [3600]
    assert time.monotonic() - begun < 10
    loop.end()


async def test_a_restored_database_holds_what_the_copy_held() -> None:
    seconds = [0.0]
    database = Database("group", lambda: seconds[0])
    await database.ledger.acquire_lease("relay", "a", 5.0)
    database.save()
    seconds[0] = 10.0
    assert database.holder("relay") is None
    await database.ledger.acquire_lease("relay", "b", 50.0)
    assert database.holder("relay") == "b"
    database.restore()
    assert database.holder("relay") is None
    seconds[0] = 1.0
    assert database.holder("relay") == "a"


def test_what_a_transaction_decided_is_in_the_order_of_its_batch() -> None:
    """A refused delivery (1) that comes again when it is only stale is accepted then."""
    database = Database("group", lambda: 0.0)
    batch = [Delivery(TOPIC, 0, offset, None, (), None) for offset in (0, 1, 2, 3, 1)]
    first, again = refused(1), accepted("again", offset=1, outcome="stale")
    higher, last = accepted("higher", offset=2), refused(3)
    before = accepted("before", offset=9)
    database.remember(changes(accepted=[before]), [], 0)
    database.save()
    database.remember(changes(accepted=[higher, again], quarantined=[first, last]), batch, 1)
    assert database.decided == [before, first, higher, last, again]
    assert database.seen == [0, 1, 1, 1, 1]
    database.restore()
    assert (database.decided, database.seen) == ([before], [0])


@dataclass
class Somebody:
    """Whoever is let through at once."""

    name: str
    alive: bool = True
    paused: bool = False
    is_undisturbed: bool = True


async def test_whoever_reads_the_outbox_has_been_given_the_lease() -> None:
    exchange = Exchange(Database("group", lambda: 0.0), Broker(TOPICS, 1), set())
    one, other = (LedgerPort(exchange, Somebody(name)) for name in ("a", "b"))
    assert await one.acquire_lease(LEASE, "a", LEASE_SECONDS)
    await one.unsent(1)
    assert exchange.wrong == []
    assert not await other.acquire_lease(LEASE, "b", LEASE_SECONDS)
    await other.unsent(1)
    assert len(exchange.wrong) == 1
    await one.release_lease(LEASE, "a")
    await one.unsent(1)
    assert len(exchange.wrong) == 2


def test_a_worker_s_clock_may_be_wrong_and_its_seconds_never_go_back() -> None:
    noon = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)
    clock = WorkerClock(lambda: noon, lambda: 7.0)
    clock.skew = datetime.timedelta(days=-1)
    assert clock.now() == datetime.datetime(2025, 12, 31, 12, tzinfo=datetime.UTC)
    assert clock.monotonic() == 7.0
