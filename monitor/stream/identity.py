"""Knows each topic by the broker's id: one that was made again under its name is another one."""

import asyncio
from collections.abc import Mapping

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient

from monitor.exits import UnreachableError
from monitor.ledger.entries import TopicIdentity
from monitor.settings import KafkaSettings
from monitor.stream.preflight import QUIET, TIMEOUT_SECONDS, partition_counts
from monitor.stream.security import librdkafka_security


async def input_identities(kafka: KafkaSettings) -> Mapping[str, TopicIdentity]:
    """Return the identity of every input topic; the id is None where the broker tells none.

    Raises UnreachableError, also while a topic is not to be seen.
    """
    return await asyncio.to_thread(_read, kafka)


def _read(kafka: KafkaSettings) -> dict[str, TopicIdentity]:
    client = AdminClient(librdkafka_security(kafka) | QUIET)
    counts = partition_counts(client, kafka)
    if not counts.keys() >= kafka.inputs.keys():
        raise UnreachableError("an input topic is not to be seen; see `monitor doctor`")
    ids = _ids(client, kafka) if kafka.topic_ids else {}
    return {name: TopicIdentity(ids.get(name), counts[name]) for name in kafka.inputs}


def _ids(client: AdminClient, kafka: KafkaSettings) -> dict[str, str]:
    asked = client.describe_topics(
        TopicCollection(list(kafka.inputs)), request_timeout=TIMEOUT_SECONDS
    )
    try:
        return {name: str(found.result().topic_id) for name, found in asked.items()}
    except KafkaException as error:
        raise UnreachableError(
            f"the topics' ids cannot be read ({error.args[0].name()})"
        ) from error
