"""A rebuild has a database to itself, and no worker starts on one that was left half way."""

from typing import Any, cast

import pytest

from monitor.clock import FixedClock
from monitor.exits import StartRefusedError
from monitor.ledger.memory import MemoryLedger
from monitor.rebuilding import LEASE, Source, Turn, refuse_unfinished_rebuild, unfinished
from monitor.settings import Settings
from monitor.wiring import WorkerDuties
from tests.intake.desk import NOON


async def test_no_worker_beside_a_rebuild_and_none_before_it_has_finished() -> None:
    clock = FixedClock(NOON)
    ledger = MemoryLedger(clock.monotonic)
    turn = Turn(ledger, clock, "me")
    assert await ledger.acquire_lease("worker:host:1", "host:1", 20)
    with pytest.raises(StartRefusedError, match="a worker runs"):
        await turn.begin(Source.LEDGER, "Dr A", "drill")
    assert await ledger.leased(LEASE) == []
    await ledger.release_lease("worker:host:1", "host:1")
    await turn.begin(Source.LEDGER, "Dr A", "drill")
    worker = WorkerDuties(ledger, cast("Any", None), Settings(), clock, alone=True)
    with pytest.raises(StartRefusedError, match="of this database runs"):
        await worker.begin()
    await turn.give_back()
    with pytest.raises(StartRefusedError, match="not finished"):
        await worker.begin()
    assert await unfinished(ledger) is Source.LEDGER
    await turn.finish(Source.LEDGER, "Dr A", "drill", {"patients": 0})
    await worker.begin()
    await refuse_unfinished_rebuild(ledger)
    trail = [(one.action, one.object, one.actor, one.reason) for one in await ledger.audit()]
    assert ("rebuild.begun", "ledger", "Dr A", "drill") in trail
    assert ("rebuild.finished", "ledger", "Dr A", "drill") in trail


@pytest.mark.parametrize(
    ("begun", "other"), [(Source.TOPICS, Source.LEDGER), (Source.LEDGER, Source.TOPICS)]
)
async def test_what_was_begun_from_one_source_is_finished_from_it(
    begun: Source, other: Source
) -> None:
    clock = FixedClock(NOON)
    ledger = MemoryLedger(clock.monotonic)
    turn = Turn(ledger, clock, "me")
    await turn.begin(begun, "Dr A", "drill")
    await turn.give_back()
    with pytest.raises(StartRefusedError, match=f"--from {begun}` again"):
        await turn.begin(other, "Dr B", "drill")
    assert await unfinished(ledger) is begun
    assert await ledger.leased(LEASE) == []
    await turn.begin(begun, "Dr A", "drill")


async def test_one_at_a_time_and_the_turn_is_renewed() -> None:
    clock = FixedClock(NOON)
    ledger = MemoryLedger(clock.monotonic)
    one, two = Turn(ledger, clock, "one"), Turn(ledger, clock, "two")
    await one.begin(Source.LEDGER, "Dr A", "drill")
    with pytest.raises(StartRefusedError, match="another rebuild"):
        await two.begin(Source.LEDGER, "Dr A", "drill")
    for _ in range(10):
        clock.advance(50)
        await one.keep()
    with pytest.raises(StartRefusedError, match="another rebuild"):
        await two.keep()
    clock.advance(200)
    await two.keep()
    with pytest.raises(StartRefusedError, match="another rebuild"):
        await one.keep()
