"""Any arrival order, doubled and cut anywhere, ends the same; the ledger replays to the byte.

Only RETRACTION_AFTER_ACTION may differ: it depends on what people had been told (contract 3).
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from sqlalchemy import text

from monitor.clinical.retraction import NAME as RETRACTION
from monitor.ledger import tables
from monitor.ledger.engine import open_engine
from monitor.ledger.migrate import upgrade
from monitor.ledger.port import Ledger
from monitor.ledger.sql import SqlLedger
from monitor.replay import ReplayBroken, replay
from monitor.wire.closed_day import CLOCK_TOPIC
from monitor.wire.codec import decode
from tests.clinical.facts import enrolled, sample
from tests.intake.desk import P1, TOPICS, Desk, batches, memory, world
from tests.intake.worlds import World, worlds

Opened = Callable[[], AbstractAsyncContextManager[Ledger]]


@asynccontextmanager
async def in_memory() -> AsyncIterator[Ledger]:
    yield memory()


@asynccontextmanager
async def in_sqlite() -> AsyncIterator[Ledger]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'ledger.sqlite3'}"
        await upgrade(url)
        ledger = SqlLedger(open_engine(url))
        yield ledger
        await ledger.close()


async def tell(ledger: Ledger, drawn: World, order: Sequence[int]) -> Desk:
    """Hand the world's events in; each batch goes to a worker that remembers nothing.

    At the end the days are closed that have come due.
    """
    desk = Desk(ledger)
    deliveries = [desk.delivery(drawn.givens[number], f"e{number}") for number in order]
    sizes = cycle(drawn.batch_sizes)
    for batch in batches(deliveries, lambda: next(sizes)):
        receipts = await desk.new_intake().receive(batch)
        assert {receipt.outcome for receipt in receipts} <= {"applied", "stale", "duplicate"}
    await desk.new_intake().close_days()
    return desk


async def look(desk: Desk) -> dict[object, Any]:
    """What stands for each patient, after checking that the notices say the same."""
    found = await world(desk.ledger, desk.rulesets)
    for patient, document in found.items():
        told = await desk.notices(patient)
        assert [one["sequence"] for one in told] == list(range(1, len(told) + 1))
        latest = {one["finding_id"]: one for one in told}
        stands = {key: (one["effective_on"], one["severity"], one["details"])
                  for key, one in latest.items() if one["action"] != "withdrawn"}  # fmt: skip
        assert stands == {
            row["finding_id"]: (row["effective_on"], row["severity"], row["details"])
            for row in document["standing_findings"]
            if not row["held"]
        }
        assert not document["incomplete"]
    return dict(found)


def by_the_facts(found: Mapping[object, Any]) -> dict[object, Any]:
    """The documents without the finding that arrival may decide."""
    return {
        patient: {
            **document,
            "standing_findings": [
                row for row in document["standing_findings"] if row["finding"] != RETRACTION
            ],
        }
        for patient, document in found.items()
    }


async def check_replay(desk: Desk) -> None:
    """The ledger's events in its order give the notices that it holds, byte for byte."""
    for patient in await desk.ledger.patients():
        ruleset = desk.rulesets(patient.study_id)
        row = await desk.ledger.state(patient)
        assert ruleset is not None
        assert row is not None
        accepted = await desk.ledger.accepted(patient)
        again = replay(patient, accepted, ruleset, lambda delivery: decode(delivery, TOPICS))
        assert again.state.version == row.version
        assert [notice.document() for notice in again.notices] == await desk.notices(patient)


async def assert_same_findings(drawn: World, opened: Opened) -> None:
    """In the order of the records in memory, in the order of arrival in the opened ledger."""
    async with in_memory() as first, opened() as second:
        straight = await tell(first, drawn, range(len(drawn.givens)))
        shuffled = await tell(second, drawn, drawn.arrivals)
        found = await look(straight)
        assert by_the_facts(await look(shuffled)) == by_the_facts(found)
        await check_replay(straight)
        await check_replay(shuffled)
        for document in found.values():
            for row in document["standing_findings"]:
                event(row["finding"] + (" held" if row["held"] else ""))


PATIENT_SETTINGS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@settings(PATIENT_SETTINGS, max_examples=60)
@given(worlds())
def test_in_memory(drawn: World) -> None:
    asyncio.run(assert_same_findings(drawn, in_memory))


@pytest.mark.slow
@settings(PATIENT_SETTINGS, max_examples=1000)
@given(worlds())
def test_in_memory_for_long(drawn: World) -> None:
    asyncio.run(assert_same_findings(drawn, in_memory))


@pytest.mark.slow
@settings(PATIENT_SETTINGS, max_examples=25)
@given(worlds())
def test_in_sqlite(drawn: World) -> None:
    asyncio.run(assert_same_findings(drawn, in_sqlite))


@pytest.fixture
def migrated_postgres(postgres_database: str) -> str:
    asyncio.run(upgrade(postgres_database))
    return postgres_database


@pytest.mark.slow
@settings(
    PATIENT_SETTINGS, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(drawn=worlds())
def test_in_postgres(migrated_postgres: str, drawn: World) -> None:
    @asynccontextmanager
    async def emptied() -> AsyncIterator[Ledger]:
        engine = open_engine(migrated_postgres)
        names = ", ".join(table.name for table in tables.metadata.sorted_tables)
        async with engine.begin() as connection:
            await connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))
        yield SqlLedger(engine)
        await engine.dispose()

    asyncio.run(assert_same_findings(drawn, emptied))


async def test_a_day_that_the_ticker_closed_is_replayed() -> None:
    desk = Desk()
    await desk.give(enrolled(), sample(100, "detected", "s1"))
    await desk.intake.close_days()
    assert (await desk.ledger.accepted(P1))[-1].topic == CLOCK_TOPIC
    await check_replay(desk)
    await desk.give(sample(128, "detected", "s2"))
    await check_replay(desk)


async def test_a_replay_with_a_hole_in_it_stops() -> None:
    desk = Desk()
    await desk.give(enrolled(), sample(100, "detected", "s1"))
    accepted = await desk.ledger.accepted(P1)
    ruleset = desk.rulesets(P1.study_id)
    assert ruleset is not None
    with pytest.raises(ReplayBroken):
        replay(P1, accepted[1:], ruleset, lambda delivery: decode(delivery, TOPICS))
    with pytest.raises(ReplayBroken):
        replay(P1, accepted, ruleset, lambda delivery: decode(delivery, {}))
