"""The servers that tests stand on keep what they were given, whatever ends them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.services import UnavailableError, is_open, kafka, postgres

QUIET = {"log_level": 0}


@pytest.fixture
def own_broker() -> Iterator[kafka.Broker]:
    broker = kafka.open_broker()
    yield broker
    broker.close()


@pytest.fixture
def own_server() -> Iterator[postgres.Server]:
    server = postgres.open_server()
    yield server
    server.close()


def publish(bootstrap: str, topic: str, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, **QUIET})
    producer.produce(topic, value)
    assert producer.flush(10) == 0


def first_value(bootstrap: str, topic: str) -> bytes | str | None:
    told = {"bootstrap.servers": bootstrap, "group.id": "g", "auto.offset.reset": "earliest"}
    consumer = Consumer(told | QUIET)
    consumer.subscribe([topic])
    message = consumer.poll(20)
    consumer.close()
    assert message is not None
    return message.value()


@pytest.mark.kafka
@pytest.mark.slow
def test_a_broker_serves_the_same_records_after_restart_and_kill(own_broker: kafka.Broker) -> None:
    bootstrap = own_broker.bootstrap
    admin = AdminClient({"bootstrap.servers": bootstrap, **QUIET})
    for made in admin.create_topics([NewTopic("kept", 1, 1)]).values():
        made.result(10)
    publish(bootstrap, "kept", b"1")
    own_broker.restart()
    own_broker.kill()
    own_broker.start()
    assert first_value(bootstrap, "kept") == b"1"


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.parametrize("end", [lambda s: s.stop("immediate"), lambda s: s.kill()])
async def test_a_server_keeps_what_was_committed(
    own_server: postgres.Server, end: Callable[[postgres.Server], None]
) -> None:
    engine = create_async_engine(postgres.server_url(own_server))
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE kept AS SELECT 1 AS one"))
        assert (await connection.execute(text("SHOW fsync"))).scalar_one() == "on"
    await engine.dispose()
    end(own_server)
    assert not is_open(own_server.port)
    own_server.start()
    async with engine.begin() as connection:
        assert (await connection.execute(text("SELECT one FROM kept"))).scalar_one() == 1
    await engine.dispose()


async def test_each_test_has_a_database_of_its_own(postgres_database: str) -> None:
    engine = create_async_engine(postgres_database)
    async with engine.begin() as connection:
        counted = text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        assert (await connection.execute(counted)).scalar_one() == 0
    await engine.dispose()


def test_a_machine_without_servers_is_told_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    monkeypatch.setattr(postgres, "INSTALLED", tmp_path)
    with pytest.raises(UnavailableError, match="no Java, and no container engine"):
        kafka.open_broker()
    with pytest.raises(UnavailableError, match=r"initdb.*no container engine"):
        postgres.open_server()
