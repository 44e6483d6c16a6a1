"""The test of the test: each planted bug is found, and the sound program stands the same faults."""

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.faults.audit import gather
from tests.faults.campaign import settled
from tests.faults.checker import violations
from tests.faults.cohort import cohort, scattered
from tests.faults.evidence import Kind
from tests.faults.messages import Message
from tests.faults.rig import PARTITIONS, Rig, new_rig, wait_for
from tests.services import kafka, postgres

SEED = 7
SECONDS_MAX = 60.0
FAST = 2_000.0  # messages a second: all at once, for what is wanted here

Scenario = Callable[[Rig, str], Awaitable[list[Message]]]


async def killed_while_the_database_is_away(rig: Rig, bug: str) -> list[Message]:
    """What is in hand cannot be committed, and the worker dies with it."""
    messages = cohort(600, SEED)
    feeder = rig.feed(messages, FAST)
    feeder.allowed = 300
    feeder.start()
    worker = rig.start(bug)
    assert await reached(rig, 300), rig.last_words()
    await asyncio.to_thread(rig.server.stop, "immediate")
    feeder.allowed = len(messages)
    fed = await wait_for(lambda: not feeder.is_alive(), SECONDS_MAX)
    await asyncio.sleep(3.0)  # long enough to be fetched, and for a commit of the offsets
    worker.end(signal.SIGKILL)
    await asyncio.to_thread(rig.server.start)
    assert fed, feeder.failed
    await rig.sample()
    rig.start(bug)
    await settled(rig, len(messages), SECONDS_MAX)
    return messages


async def killed_while_the_broker_is_away(rig: Rig, bug: str) -> list[Message]:
    """The outbox is full, nobody acknowledges what is sent, and the worker dies."""
    messages = cohort(600, SEED)
    # Another relay's lease keeps the outbox full until the broker is away.
    await rig.query("INSERT INTO relay_lease VALUES ('relay', 'test', 1e12)")
    feeder = rig.feed(messages, FAST)
    feeder.start()
    worker = rig.start(bug)
    assert await reached(rig, len(messages)), rig.last_words()
    await asyncio.to_thread(rig.broker.kill)
    await rig.query("DELETE FROM relay_lease")
    await asyncio.sleep(3.0)  # long enough for the relay to try
    worker.end(signal.SIGKILL)
    await asyncio.to_thread(rig.broker.start)
    await rig.query("DELETE FROM relay_lease")
    rig.start(bug)
    await settled(rig, len(messages), SECONDS_MAX)
    return messages


async def two_workers_with_the_same_patients(rig: Rig, bug: str) -> list[Message]:
    """Events without keys: both workers write the same few patients at the same time."""
    messages = scattered(patients=12, total=1_200, partitions=PARTITIONS, seed=SEED)
    rig.start(bug)
    rig.start(bug)
    assert await rig.shared_by(2), rig.last_words()
    rig.feed(messages, 300.0).start()
    assert await settled(rig, len(messages), SECONDS_MAX), rig.last_words()
    return messages


SCENARIOS: list[tuple[Scenario, str, Kind]] = [
    (killed_while_the_database_is_away, "ack_before_commit", Kind.COMMITTED_AHEAD),
    (killed_while_the_broker_is_away, "mark_before_acknowledgement", Kind.UNSENT),
    (two_workers_with_the_same_patients, "no_version_check", Kind.ARRIVALS),
]


async def reached(rig: Rig, total: int) -> bool:
    for _ in range(600):
        if await rig.progress() >= total:
            return True
        await asyncio.sleep(0.1)
    return False


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("plant", ["sound", "planted"])
@pytest.mark.parametrize(("scenario", "bug", "kind"), SCENARIOS, ids=[row[1] for row in SCENARIOS])
async def test_a_planted_bug_is_found(
    scenario: Scenario,
    bug: str,
    kind: Kind,
    plant: str,
    kafka_broker: kafka.Broker,
    postgres_server: postgres.Server,
    postgres_database: str,
    tmp_path: Path,
) -> None:
    prefix = f"{bug}.{plant}."
    async with new_rig(kafka_broker, postgres_server, postgres_database, prefix, tmp_path) as rig:
        messages = await scenario(rig, bug if plant == "planted" else "none")
        for worker in rig.workers:
            worker.end(signal.SIGTERM)
        await rig.sample()
        found = violations(await gather(rig, messages))
    kinds = Counter(violation.kind.value for violation in found)
    print(f"{prefix} {dict(kinds)}")
    assert (kind in kinds) if plant == "planted" else (found == [])
