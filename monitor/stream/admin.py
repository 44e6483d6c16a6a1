"""Makes the topics as the worker needs them, and never changes one that is there."""

from collections.abc import Mapping
from concurrent.futures import Future

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from monitor.exits import ExpectedError, UnreachableError
from monitor.settings import DLQ_SUFFIX, KafkaSettings
from monitor.stream.preflight import QUIET, TIMEOUT_SECONDS, partition_counts
from monitor.stream.security import librdkafka_security

# A refused delivery came in compressed, so it may be larger than the broker's limit for a batch.
DEAD_LETTER_BYTES_MAX = 16 * 1024 * 1024


def existing_topics(kafka: KafkaSettings) -> dict[str, int]:
    """Return the partition count of each of our topics that exists; raises UnreachableError."""
    return partition_counts(_client(kafka), kafka)


def apply_topics(kafka: KafkaSettings) -> dict[str, bool]:
    """Make what is missing of the inputs, notices and dead letter topics; return which were made.

    Raises ExpectedError when a topic has another partition count than the settings say, before
    anything is made; UnreachableError.
    """
    client = _client(kafka)
    counts = partition_counts(client, kafka)
    _refuse_other_counts(counts, kafka)
    missing = [name for name in kafka.topics if name not in counts]
    new = [
        NewTopic(
            name,
            num_partitions=kafka.partitions,
            replication_factor=kafka.replication_factor,
            config=_config(name, kafka),
        )
        for name in missing
    ]
    if new:
        for name, made in client.create_topics(new, request_timeout=TIMEOUT_SECONDS).items():
            _wait(name, made)
    return {name: name in missing for name in kafka.topics}


def _config(name: str, kafka: KafkaSettings) -> dict[str, str]:
    config = {"min.insync.replicas": str(kafka.min_insync)}
    if name.endswith(DLQ_SUFFIX):
        config["max.message.bytes"] = str(DEAD_LETTER_BYTES_MAX)
    return config


def _refuse_other_counts(counts: Mapping[str, int], kafka: KafkaSettings) -> None:
    other = [f"{name} has {n}" for name, n in counts.items() if n != kafka.partitions]
    if other:
        raise ExpectedError(
            f"{', '.join(other)} partitions, the settings say {kafka.partitions}. Nothing was "
            "changed: more partitions would move patients between them. Set "
            "CTDNA_MONITOR_KAFKA__PARTITIONS to what is there, or move to new topics"
        )


def _wait(name: str, made: "Future[None]") -> None:
    try:
        made.result(timeout=TIMEOUT_SECONDS)
    except KafkaException as error:
        reason: KafkaError = error.args[0]
        if reason.code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return  # somebody made it at the same moment
        raise ExpectedError(f"{name} could not be made: {reason.str()}") from error
    except TimeoutError as error:
        raise UnreachableError(f"no answer from the broker while making {name}") from error


def _client(kafka: KafkaSettings) -> AdminClient:
    return AdminClient(librdkafka_security(kafka) | QUIET)
