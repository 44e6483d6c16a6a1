"""Topics are made once, never changed, and a worker does not start on wrong ones."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition as KafkaPartition
from confluent_kafka.admin import AdminClient
from pydantic import SecretStr

from monitor.clock import FixedClock
from monitor.exits import Exit, ExpectedError, StartRefusedError, UnreachableError
from monitor.ledger.entries import TopicPartition
from monitor.ledger.migrate import upgrade
from monitor.ledger.port import Ledger
from monitor.ledger.sql import SqlLedger
from monitor.rebuilding import Source, Turn
from monitor.rulesets import Rulesets
from monitor.settings import INPUT_TOPICS, DatabaseSettings, KafkaSettings, Settings
from monitor.stream.admin import apply_topics, existing_topics
from monitor.stream.doctor import examine
from monitor.stream.embedded import EmbeddedBroker
from monitor.stream.preflight import Place, refuse_lost_places, survey
from monitor.wiring import open_ledger
from tests.intake.desk import NOON
from tests.intake.test_activation import SINGLE, activation, told_desk
from tests.stream.harness import Harness, until

ALL = KafkaSettings().topics


def test_topics_are_made_once(real: KafkaSettings) -> None:
    assert not any(apply_topics(real).values())
    assert existing_topics(real) == dict.fromkeys(real.topics, 4)
    other = real.model_copy(update={"partitions": 6})
    with pytest.raises(ExpectedError, match="has 4 partitions, the settings say 6"):
        apply_topics(other)
    assert existing_topics(real) == dict.fromkeys(real.topics, 4)


@pytest.mark.parametrize(
    ("topics", "told"),
    [
        ({name: 2 for name in ALL if name != "imaging.reads"}, "missing topics: imaging.reads;"),
        ({name: 2 for name in ALL if name != "monitor.notices"}, "missing topics: monitor.notices"),
        (dict.fromkeys(ALL, 2) | {"clinical.events": 3}, "equally many"),
    ],
)
async def test_missing_or_unlike_topics_are_refused(topics: dict[str, int], told: str) -> None:
    with EmbeddedBroker(topics) as broker, pytest.raises(StartRefusedError, match=told):
        await survey(KafkaSettings(bootstrap_servers=broker.bootstrap_servers))


@pytest.mark.slow
async def test_a_broker_that_is_away_is_named() -> None:
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:1 "):
        await survey(KafkaSettings(bootstrap_servers="127.0.0.1:1"))


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (Place(None, 5, 9), None),
        (Place(5, 5, 9), None),
        (Place(9, 5, 9), None),
        (Place(4, 5, 9), "deleted by retention"),
        (Place(10, 5, 9), "beyond the topic's end"),
    ],
)
def test_a_committed_offset_must_still_exist(place: Place, told: str | None) -> None:
    expected = pytest.raises(StartRefusedError, match=told) if told else contextlib.nullcontext()
    with expected:
        refuse_lost_places({TopicPartition("ctdna.results", 0): place})


@pytest.mark.parametrize("harness", ["real"], indirect=True)
@pytest.mark.kafka
def test_a_worker_does_not_jump_over_what_retention_deleted(harness: Harness) -> None:
    harness.publish(60)
    worker = harness.start()
    until(lambda: sum(harness.committed().values()) == 60)
    worker.terminate()
    assert worker.wait(15) == Exit.OK
    harness.publish(600)
    admin = AdminClient({"bootstrap.servers": harness.kafka.bootstrap_servers})
    ends = [KafkaPartition(at.topic, at.partition, o + 10) for at, o in harness.committed().items()]
    for deleted in admin.delete_records(ends).values():
        deleted.result()
    assert harness.start().wait(20) == Exit.START_REFUSED
    assert "deleted by retention" in harness.log.read_text()


def test_the_doctor_says_what_to_do(tmp_path: object) -> None:
    with EmbeddedBroker(dict.fromkeys(INPUT_TOPICS, 3)) as broker:
        settings = Settings(
            kafka=KafkaSettings(bootstrap_servers=broker.bootstrap_servers),
            database=DatabaseSettings(url=SecretStr(f"sqlite:///{tmp_path}/none.db")),
        )
        found = {check.name: check for check in examine(settings)}
    assert found["broker"].ok
    assert found["partition counts"].ok
    assert found["rules"].ok
    assert "`monitor topics apply`" in found["topics"].detail
    assert not found["topics"].ok
    assert "`monitor db upgrade`" in found["database"].detail
    assert not found["database"].ok


def test_the_doctor_sees_other_rules_and_an_activation_that_was_not_finished(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    asyncio.run(on_ledger(url, told_desk))
    assert active_rules(url) == (True, "as given")
    ok, detail = active_rules(url, SINGLE)
    assert not ok
    assert detail.startswith("the rules given for every study are not the active ones: see what")
    asyncio.run(on_ledger(url, half_activated))
    ok, detail = active_rules(url, SINGLE)
    assert not ok
    assert "was not finished" in detail
    assert "run `monitor rules activate` with the same rules again" in detail


def test_the_doctor_sees_a_rebuild_that_was_not_finished(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    asyncio.run(on_ledger(url, half_rebuilt))
    ok, detail = examined(url, None)["rebuild"]
    assert not ok
    assert "was not finished: run it again; runbook: rebuild" in detail


async def half_rebuilt(ledger: SqlLedger) -> None:
    turn = Turn(ledger, FixedClock(NOON), "me")
    await turn.begin(Source.LEDGER, "Dr A", "drill")
    await turn.give_back()


async def half_activated(ledger: Ledger) -> None:
    change = activation(ledger, Rulesets(SINGLE))
    begun = await change.begin("Dr A", "amendment 2")
    await change.switch((await change.patients())[0], begun.number)


async def on_ledger(url: str, work: Callable[[SqlLedger], Awaitable[object]]) -> None:
    await upgrade(url)
    async with open_ledger(url) as ledger:
        await work(ledger)


def active_rules(url: str, rules: Path | None = None) -> tuple[bool, str]:
    found = examined(url, rules)
    assert found["rebuild"] == (True, "none under way")
    return found["active rules"]


def examined(url: str, rules: Path | None) -> dict[str, tuple[bool, str]]:
    with EmbeddedBroker(dict.fromkeys(INPUT_TOPICS, 3)) as broker:
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
        settings = Settings(kafka=kafka, database=DatabaseSettings(url=SecretStr(url)), rules=rules)
        return {check.name: (check.ok, check.detail) for check in examine(settings)}
