"""What a consumer group has committed and who is in it, asked past the proxy."""

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import KafkaError
from confluent_kafka import Consumer, KafkaException, TopicPartition

from tests.chaos.checker.evidence import Place

SECONDS_MAX = 30.0
LOOK_SECONDS_MAX = 5.0
STABLE = "Stable"
WITHOUT_MEMBERS = ("Empty", "Dead")


class Group(NamedTuple):
    """A group as its coordinator describes it: `holding` members have partitions."""

    state: str
    holding: int


async def look_at(bootstrap: str, group: str) -> Group | None:
    """The group now; None where nobody can tell.

    By a client of its own each time, which knows no broker that has gone.
    """
    admin = AIOKafkaAdminClient(
        bootstrap_servers=bootstrap, request_timeout_ms=int(LOOK_SECONDS_MAX * 1000)
    )
    try:
        async with asyncio.timeout(LOOK_SECONDS_MAX):
            await admin.start()
            (told,) = await admin.describe_consumer_groups([group])
    except (KafkaError, OSError):  # a TimeoutError is an OSError
        return None
    finally:
        await admin.close()
    error, _, state, _, _, members, *_ = told.groups[0]
    if error:
        return None
    given = [ConsumerProtocolMemberAssignment.decode(held) for *_, held in members if held]
    return Group(state, sum(bool(one.partitions()) for one in given))


async def committed(bootstrap: str, group: str, topics: Sequence[str]) -> dict[Place, int]:
    """The next offset that the group would read, of each partition with one.

    Raises KafkaException where nobody answers.
    """
    return await asyncio.to_thread(_committed, bootstrap, group, topics)


def _committed(bootstrap: str, group: str, topics: Sequence[str]) -> dict[Place, int]:
    # A consumer that joins nothing: the admin client's own call crashes when it is answered
    # by a broker that has just come back and does not yet know which groups are its own.
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "log_level": 0})
    try:
        known = consumer.list_topics(timeout=SECONDS_MAX).topics
        places = [TopicPartition(t, p) for t in topics for p in known[t].partitions]
        found = _ask(consumer, places)
        return {Place(one.topic, one.partition): one.offset for one in found if one.offset >= 0}
    finally:
        consumer.close()


def _ask(consumer: Consumer, places: list[TopicPartition]) -> list[TopicPartition]:
    deadline = time.monotonic() + SECONDS_MAX
    while True:
        try:
            return consumer.committed(places, timeout=SECONDS_MAX)
        except KafkaException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
