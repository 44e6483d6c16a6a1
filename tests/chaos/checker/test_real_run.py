"""The checker on a real run: two workers on real Kafka and PostgreSQL, one of them killed."""

import asyncio
import signal
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from confluent_kafka import Message as Reported

from tests.chaos.checker import Acknowledged, Evidence, Place, Sample, at_rest, gather, violations
from tests.faults.campaign import settled
from tests.faults.cohort import cohort
from tests.faults.feeder import BY_KEY, Feeder
from tests.faults.messages import Message
from tests.faults.rig import Rig, new_rig, wait_for
from tests.services import kafka, postgres

SEED = 11
MESSAGES = 2_000
PER_SECOND = 400.0


class Telling(Feeder):
    """A feeder that remembers what the broker acknowledged."""

    def __init__(self, rig: Rig, messages: Sequence[Message]) -> None:
        super().__init__(rig.broker.bootstrap, rig.prefix, messages, PER_SECOND)
        self.acknowledged: list[Acknowledged] = []

    def _send(self, one: Message) -> None:
        partition = BY_KEY if one.partition is None else one.partition
        self._producer.produce(
            self._prefix + one.topic, one.value, one.key, partition=partition,
            headers=list(one.headers), on_delivery=partial(self._note, one),
        )  # fmt: skip
        self._producer.poll(0)

    def _note(self, one: Message, error: object, told: Reported) -> None:
        self._delivered(error, told)
        at = (told.topic(), told.partition(), told.offset())
        if error is None and None not in at:
            self.acknowledged.append(Acknowledged(*at, one.number, one.value))  # type: ignore[arg-type]


async def sample(rig: Rig, feeder: Telling) -> Sample:
    """What is recorded and committed now."""
    fed = len(feeder.acknowledged)
    await rig.sample()
    places = rig.commits[-1].items()
    committed = {Place(*at): one.committed for at, one in places}
    ledger = {Place(*at): one.recorded for at, one in places if one.recorded >= 0}
    recorded, unsent = await rig.progress(), await rig.unsent()
    return Sample(time.monotonic(), recorded, unsent, fed, committed=committed, ledger=ledger)


async def rest(rig: Rig) -> None:
    """Wait until ending the workers leaves nothing to be sent."""
    for _ in range(300):
        if await at_rest(rig.url):
            return
        await asyncio.sleep(0.2)
    raise TimeoutError(rig.last_words())


async def run(rig: Rig, messages: Sequence[Message]) -> Evidence:
    """Two workers; one dies in the middle and comes again."""
    feeder, samples = Telling(rig, messages), []
    first, _ = rig.start(), rig.start()
    assert await rig.shared_by(2), rig.last_words()
    feeder.start()
    while await rig.progress() < MESSAGES // 2:
        samples.append(await sample(rig, feeder))
        await asyncio.sleep(0.2)
    first.end(signal.SIGKILL)
    rig.start()
    assert await wait_for(lambda: not feeder.is_alive(), 60.0)
    assert not feeder.failed
    calm_at = time.monotonic()
    assert await settled(rig, len(messages), 60.0), rig.last_words()
    samples.append(await sample(rig, feeder))
    await rest(rig)
    for worker in rig.workers[1:]:
        worker.end(signal.SIGTERM)
    samples.append(await sample(rig, feeder))
    told = (rig.broker.bootstrap, rig.url, rig.prefix, rig.settings.group)
    return await gather(*told, messages, feeder.acknowledged, samples, calm_at=calm_at)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_run_with_a_killed_worker_is_sound(
    kafka_broker: kafka.Broker,
    postgres_server: postgres.Server,
    postgres_database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CTDNA_MONITOR_WORKER__TICK_S", "1")
    messages = cohort(MESSAGES, SEED)
    async with new_rig(kafka_broker, postgres_server, postgres_database, "chk.", tmp_path) as rig:
        evidence = await run(rig, messages)
    began = time.process_time()
    found = await asyncio.to_thread(violations, evidence)
    rows, seconds = len(evidence.accepted), time.process_time() - began
    print(f"{rows} inbox rows, {len(evidence.notices)} notices, checked in {seconds:.1f} s of CPU")
    assert found == []
    assert len(evidence.acknowledged) == len(messages) == len(evidence.delivered)
    assert any(row.topic == "clock" for row in evidence.accepted)
