"""Reads topics from their first record to the end that they have now, in a group of nobody."""

import datetime
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Consumer, KafkaError, KafkaException, Message
from confluent_kafka import TopicPartition as KafkaPartition
from confluent_kafka.admin import AdminClient

from monitor.exits import StartRefusedError, UnreachableError
from monitor.ledger.archive import Published
from monitor.ledger.entries import TopicPartition
from monitor.notified import Notified
from monitor.settings import KafkaSettings
from monitor.stream.preflight import QUIET, TIMEOUT_SECONDS, partition_counts, refuse_missing
from monitor.stream.security import librdkafka_security
from monitor.wire.delivery import Delivery
from monitor.wire.notices import DEPLOYMENT_PREFIX

BATCH = 500
SILENCE_SECONDS_MAX = 30.0


class History:
    """Topics as they are while entered; `bounds` gives of each partition its first and its end.

    Raises UnreachableError, StartRefusedError for a topic that is missing.
    """

    def __init__(self, kafka: KafkaSettings, topics: Collection[str]) -> None:
        settings: dict[str, Any] = {
            **librdkafka_security(kafka),
            **QUIET,
            "group.id": kafka.group,  # asked for by the client; nothing is joined or committed
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            # By default a place that retention takes meanwhile is left for the end, in silence.
            "auto.offset.reset": "error",
        }
        self._consumer = Consumer(settings)
        with ExitStack() as failed:
            failed.callback(self._consumer.close)
            self.bounds = self._read_bounds(kafka, topics)
            failed.pop_all()

    def _read_bounds(
        self, kafka: KafkaSettings, topics: Collection[str]
    ) -> Mapping[TopicPartition, tuple[int, int]]:
        try:
            counts = partition_counts(self._consumer, kafka)
            refuse_missing(counts, list(topics))
            places = [TopicPartition(name, p) for name in topics for p in range(counts[name])]
            return {
                place: self._consumer.get_watermark_offsets(
                    KafkaPartition(*place), timeout=TIMEOUT_SECONDS
                )
                for place in places
            }
        except KafkaException as error:
            raise UnreachableError(_away(error.args[0])) from None

    def shortened(self) -> list[str]:
        """Partitions whose first records are gone, in words."""
        return [
            f"{place.topic}[{place.partition}] begins at {first}"
            for place, (first, _) in sorted(self.bounds.items())
            if first > 0
        ]

    def batches(self) -> Iterator[list[Message]]:
        """Every message up to the ends, each partition in its order; closes the client."""
        left = {place: end for place, (first, end) in self.bounds.items() if first < end}
        self._consumer.assign([KafkaPartition(*p, self.bounds[p][0]) for p in left])
        silence = 0.0  # of the broker: what the caller does between two batches is not
        try:
            while left:
                asked = time.monotonic()
                some = self._consumer.consume(BATCH, timeout=1.0)
                silence = 0.0 if some else silence + time.monotonic() - asked
                if silence > SILENCE_SECONDS_MAX:
                    raise UnreachableError("the broker has stopped answering")
                yield [one for one in some if _is_wanted(one, left)]
        finally:
            self._consumer.close()


def _is_wanted(message: Message, left: dict[TopicPartition, int]) -> bool:
    """Whether it is a message before its partition's end; past it the partition is done."""
    place = TopicPartition(message.topic() or "", message.partition() or 0)
    offset, error = message.offset() or 0, message.error()
    if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - its name
        raise UnreachableError(_away(error))
    wanted = error is None and offset < left.get(place, 0)
    if offset + 1 >= left.get(place, 0):
        left.pop(place, None)
    return wanted


def _away(error: KafkaError) -> str:
    if error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 - its name
        return "a topic lost records while it was read: run this again"
    return f"the broker's topics cannot be read ({error.name()})"


def delivery_of(message: Message) -> Delivery:
    """A message as a delivery."""
    headers: Any = message.headers() or ()
    key: Any = message.key()
    value: Any = message.value()
    place = (message.topic() or "", message.partition() or 0, message.offset() or 0)
    kind, milliseconds = message.timestamp()
    timestamp = None if kind == TIMESTAMP_NOT_AVAILABLE else milliseconds
    return Delivery(*place, key, tuple(headers), value, timestamp)


def published_of(message: Message) -> Published:
    """Where and when a message was published."""
    _, milliseconds = message.timestamp()
    at = datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.UTC)
    return Published(at, message.partition() or 0, message.offset() or 0)


def read_notified(
    kafka: KafkaSettings,
    deployments: Collection[str],
    keys: Collection[bytes] | None = None,
    rest_s: float = 0.0,
) -> Notified:
    """These deployments' notices on their topic, of all patients or of those with these keys.

    Blocks; rests for `rest_s` seconds after each portion. Raises UnreachableError,
    StartRefusedError.
    """
    history = History(kafka, [kafka.notices])
    found = Notified({place.partition: held for place, held in history.bounds.items()})
    sources = {f"{DEPLOYMENT_PREFIX}{name}".encode() for name in deployments}
    for batch in history.batches():
        for message in batch:
            told = delivery_of(message)
            ours = dict(told.headers).get("ce_source") in sources
            if ours and (keys is None or told.key in keys):
                found.add(told.key, told.headers, told.value, published_of(message))
        time.sleep(rest_s)
    return found


def refuse_members(kafka: KafkaSettings) -> None:
    """Raise StartRefusedError while the group has members, whatever database they use."""
    client = AdminClient(librdkafka_security(kafka) | QUIET)
    try:
        asked = client.describe_consumer_groups([kafka.group], request_timeout=TIMEOUT_SECONDS)
        members = len(asked[kafka.group].result().members)
    except KafkaException as error:
        # A broker that cannot tell, such as the demo's: the workers' leases tell of this database.
        if error.args[0].code() in {KafkaError.GROUP_ID_NOT_FOUND, KafkaError._UNSUPPORTED_FEATURE}:  # noqa: SLF001 - its name
            return
        raise UnreachableError(f"the group cannot be read ({error.args[0].name()})") from None
    if members:
        raise StartRefusedError(
            f"the group {kafka.group} has {members} members: stop every worker first"
        )
