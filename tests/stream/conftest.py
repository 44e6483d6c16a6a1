"""The recording worker on the embedded broker and on Apache Kafka."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.settings import KafkaSettings
from monitor.stream.admin import apply_topics
from monitor.stream.embedded import EmbeddedBroker
from tests.services import kafka
from tests.stream.harness import Harness


@pytest.fixture
def embedded() -> Iterator[KafkaSettings]:
    with EmbeddedBroker(dict.fromkeys(KafkaSettings().topics, 4)) as broker:
        yield KafkaSettings(
            bootstrap_servers=broker.bootstrap_servers,
            # Shorter ones than Kafka allows: less waiting after a kill.
            session_timeout_s=2,
            heartbeat_s=0.5,
            topic_ids=False,
        )


@pytest.fixture
def real(request: pytest.FixtureRequest) -> KafkaSettings:
    broker: kafka.Broker = request.getfixturevalue("kafka_broker")
    name = request.node.name.partition("[")[0]
    settings = KafkaSettings(
        bootstrap_servers=broker.bootstrap,
        group=name,
        topic_prefix=f"{name}.",
        partitions=4,
        replication_factor=1,
        min_insync=1,
    )
    apply_topics(settings)
    return settings


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.kafka)])
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    harness = Harness(request.getfixturevalue(request.param), tmp_path)
    yield harness
    harness.close()
