"""Topics are read to their ends, or it is said why not; the client is closed either way."""

from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import TopicPartition as KafkaPartition
from confluent_kafka.admin import AdminClient

from monitor.exits import StartRefusedError, UnreachableError
from monitor.settings import KafkaSettings
from monitor.stream import history
from monitor.stream.history import History
from tests.stream.conftest import real

__all__ = ["real"]

TOPIC = "a"


class Message:
    """The only one of its topic."""

    def topic(self) -> str:
        return TOPIC

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return 2

    def error(self) -> None:
        return None


class Broker:
    """A client whose broker answers as told: a message, or None for a second of silence."""

    def __init__(self, answers: Iterator[Message | None]) -> None:
        self.answers = answers
        self.seconds = 0.0
        self.is_closed = False

    def monotonic(self) -> float:
        return self.seconds

    def get_watermark_offsets(self, _place: object, timeout: float) -> tuple[int, int]:
        assert timeout > 0
        return 0, 3

    def assign(self, places: list[KafkaPartition]) -> None:
        assert [one.offset for one in places] == [0]

    def consume(self, _count: int, timeout: float) -> list[Message]:
        answer = next(self.answers)
        self.seconds += timeout if answer is None else 0
        return [] if answer is None else [answer]

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    made = Broker(iter(()))
    monkeypatch.setattr(history, "Consumer", lambda _settings: made)
    monkeypatch.setattr(history, "partition_counts", lambda _client, _kafka: {TOPIC: 1})
    monkeypatch.setattr(history, "time", made)
    return made


def test_a_slow_caller_is_not_a_silent_broker(broker: Broker) -> None:
    broker.answers = iter([None, None, Message()])
    seen = []
    for batch in History(KafkaSettings(), [TOPIC]).batches():
        broker.seconds += 100
        seen += batch
    assert len(seen) == 1
    assert broker.is_closed


def test_a_silent_broker_is_not_waited_for_without_end(broker: Broker) -> None:
    broker.answers = iter([None] * 1000)
    with pytest.raises(UnreachableError, match="stopped answering"):
        list(History(KafkaSettings(), [TOPIC]).batches())
    assert broker.seconds < 60
    assert broker.is_closed


def test_a_client_that_could_not_begin_is_closed(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StartRefusedError):
        History(KafkaSettings(), ["another"])
    assert broker.is_closed

    def away(*_given: Any, **_named: Any) -> None:
        raise KafkaException(KafkaError(KafkaError._TRANSPORT))

    broker.is_closed = False
    monkeypatch.setattr(broker, "get_watermark_offsets", away)
    with pytest.raises(UnreachableError):
        History(KafkaSettings(), [TOPIC])
    assert broker.is_closed


@pytest.mark.kafka
def test_records_that_go_while_a_topic_is_read_are_not_passed_over(
    request: pytest.FixtureRequest,
) -> None:
    kafka: KafkaSettings = request.getfixturevalue("real")
    servers: dict[str, Any] = {"bootstrap.servers": kafka.bootstrap_servers, "log_level": 0}
    producer = Producer(servers)
    for _ in range(3):
        producer.produce(kafka.notices, value=b"{}", partition=0)
    assert producer.flush(20) == 0
    opened = History(kafka, [kafka.notices])
    admin = AdminClient(servers)
    for done in admin.delete_records([KafkaPartition(kafka.notices, 0, 3)]).values():
        done.result(30)
    with pytest.raises(UnreachableError, match="run this again"):
        list(opened.batches())
