"""A worker that runs sees that an input topic is not the one any more that it recorded of."""

import asyncio
from typing import Any, cast

import pytest
from confluent_kafka.admin import AdminClient, NewPartitions

from monitor.clock import Clock
from monitor.exits import StartRefusedError, UnreachableError
from monitor.ledger.memory import MemoryLedger
from monitor.ledger.port import Unavailable
from monitor.settings import KafkaSettings, Settings
from monitor.stream import topic_watch
from monitor.stream.identity import input_identities
from monitor.stream.topic_watch import TopicWatch
from monitor.wiring import WorkerDuties


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topic_watch, "PERIOD_SECONDS", 0.05)


def duties_of(kafka: KafkaSettings) -> WorkerDuties:
    clock, settings = Clock(), Settings(kafka=kafka)
    ledger = MemoryLedger(clock.monotonic)
    return WorkerDuties(ledger, cast("Any", None), settings, clock, alone=True)


@pytest.mark.kafka
async def test_partitions_that_are_added_end_the_worker(real: KafkaSettings) -> None:
    duties = duties_of(real)
    await duties.check_topics(await input_identities(real))
    watching = asyncio.create_task(TopicWatch(duties, real).run())
    await asyncio.sleep(1.0)
    assert not watching.done()
    admin = AdminClient({"bootstrap.servers": real.bootstrap_servers})
    for made in admin.create_partitions([NewPartitions(one, 5) for one in real.inputs]).values():
        made.result(30)
    with pytest.raises(StartRefusedError, match="5 partitions instead of 4"):
        await asyncio.wait_for(watching, 30)


async def test_one_look_alone_and_an_absent_server_end_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kafka = KafkaSettings()
    looks: list[Exception | None] = [
        StartRefusedError(""), None, StartRefusedError(""), UnreachableError(""), Unavailable(),
        None, StartRefusedError("other"), StartRefusedError("at last"),
    ]  # fmt: skip

    async def look(_kafka: KafkaSettings) -> dict[str, object]:
        if (problem := looks.pop(0)) is not None:
            raise problem
        return {}

    monkeypatch.setattr(topic_watch, "input_identities", look)
    with pytest.raises(StartRefusedError, match="at last"):
        await TopicWatch(duties_of(kafka), kafka).run()
    assert looks == []
