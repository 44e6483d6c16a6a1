"""Refuses to start on topics that are missing or unlike, or where our place in one is lost."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException
from confluent_kafka import TopicPartition as KafkaPartition
from confluent_kafka.admin import AdminClient

from monitor.exits import StartRefusedError, UnreachableError
from monitor.ledger.entries import TopicPartition
from monitor.settings import KafkaSettings
from monitor.stream.security import librdkafka_security

TIMEOUT_SECONDS = 10.0
QUIET: dict[str, str | int | float | bool] = {
    "log_level": 0
}  # we say ourselves, once, what is wrong
COORDINATOR_TRIES = 20
COORDINATOR_PAUSE_SECONDS = 0.5
NO_COORDINATOR_YET = {
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
}
NO_OFFSET = 0  # librdkafka gives -1001 for "nothing committed": every real offset is 0 or above


@dataclass(frozen=True, slots=True)
class Place:
    """Where the group stands in a partition: offsets, `committed` None for a new group."""

    committed: int | None
    first: int
    end: int


async def survey(kafka: KafkaSettings) -> Mapping[TopicPartition, Place]:
    """Return where the group stands in every partition of the input topics.

    Raises UnreachableError, or StartRefusedError when a topic is missing, when their partition
    counts differ, or when a committed offset no longer exists.
    """
    places = await asyncio.to_thread(_read_places, kafka)
    refuse_lost_places(places)
    return places


def partition_counts(client: Consumer | AdminClient, kafka: KafkaSettings) -> dict[str, int]:
    """Return the partition count of each of our topics that exists; raises UnreachableError."""
    try:
        found = client.list_topics(timeout=TIMEOUT_SECONDS).topics
    except KafkaException as error:
        message = (
            f"no answer from the broker at {kafka.bootstrap_servers} ({error.args[0].name()}): is "
            "it running, and are address, protocol, user, password and CA file right?"
        )
        raise UnreachableError(message) from error
    return {n: len(found[n].partitions) for n in kafka.topics if n in found and not found[n].error}


def refuse_missing(counts: Mapping[str, int], names: Sequence[str]) -> None:
    """Raise StartRefusedError unless these topics exist."""
    missing = [name for name in names if name not in counts]
    if missing:
        message = f"missing topics: {', '.join(missing)}; run `monitor topics apply`"
        raise StartRefusedError(message)


def refuse_unequal(counts: Mapping[str, int], kafka: KafkaSettings) -> None:
    """Raise StartRefusedError unless all input topics exist and have equally many partitions."""
    refuse_missing(counts, list(kafka.inputs))
    if len({counts[name] for name in kafka.inputs}) > 1:
        told = ", ".join(f"{name} {counts[name]}" for name in kafka.inputs)
        message = (
            f"the input topics must have equally many partitions, but have: {told}; runbook: "
            "topics-not-as-needed"
        )
        raise StartRefusedError(message)


def refuse_lost_places(places: Mapping[TopicPartition, Place]) -> None:
    """Raise StartRefusedError when a committed offset is outside of what the topic holds."""
    for at, place in sorted(places.items()):
        if place.committed is None or place.first <= place.committed <= place.end:
            continue
        why = "was deleted by retention before it was read"
        if place.committed > place.end:
            why = "is beyond the topic's end: was the topic deleted and made again?"
        message = (
            f"{at.topic}[{at.partition}]: the committed offset {place.committed} {why} (the topic "
            f"holds {place.first} to {place.end}). The worker does not jump by itself; runbook: "
            "offset-lost"
        )
        raise StartRefusedError(message)


def _read_places(kafka: KafkaSettings) -> dict[TopicPartition, Place]:
    consumer = Consumer(
        librdkafka_security(kafka) | {"group.id": kafka.group, "enable.auto.commit": False} | QUIET
    )
    try:
        counts = partition_counts(consumer, kafka)
        refuse_missing(counts, kafka.topics)
        refuse_unequal(counts, kafka)
        asked = [KafkaPartition(t, p) for t in kafka.inputs for p in range(counts[t])]
        return {
            TopicPartition(found.topic, found.partition): _place(consumer, found)
            for found in _committed(consumer, asked)
        }
    except KafkaException as error:
        message = f"the group's offsets cannot be read ({error.args[0].name()})"
        raise UnreachableError(message) from error
    finally:
        consumer.close()


def _committed(consumer: Consumer, asked: list[KafkaPartition]) -> list[KafkaPartition]:
    """Ask again while the broker, just started or for a new group, names no coordinator yet."""
    for _ in range(COORDINATOR_TRIES - 1):
        try:
            return consumer.committed(asked, timeout=TIMEOUT_SECONDS)
        except KafkaException as error:
            if error.args[0].code() not in NO_COORDINATOR_YET:
                raise
            time.sleep(COORDINATOR_PAUSE_SECONDS)
    return consumer.committed(asked, timeout=TIMEOUT_SECONDS)


def _place(consumer: Consumer, found: KafkaPartition) -> Place:
    first, end = consumer.get_watermark_offsets(
        KafkaPartition(found.topic, found.partition), timeout=TIMEOUT_SECONDS
    )
    committed = found.offset if found.offset >= NO_OFFSET else None
    return Place(committed, first, end)
