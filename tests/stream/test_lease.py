"""One worker on SQLite: it outwaits what a killed one left, and refuses beside a living one."""

from typing import Any, cast

import pytest

from monitor import wiring
from monitor.clock import FixedClock
from monitor.exits import StartRefusedError
from monitor.ledger.memory import MemoryLedger
from monitor.ledger.port import WORKER_LEASE
from monitor.settings import Settings
from monitor.wiring import WORKER_LEASE_SECONDS, WorkerDuties
from tests.intake.desk import NOON


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FixedClock:
    clock = FixedClock(NOON)

    async def sleep(seconds: float) -> None:
        clock.advance(seconds)

    monkeypatch.setattr(wiring, "asyncio", cast("Any", type("Asleep", (), {"sleep": sleep})))
    return clock


def duties(ledger: MemoryLedger, clock: FixedClock) -> WorkerDuties:
    return WorkerDuties(ledger, cast("Any", None), Settings(), clock, alone=True)


async def test_a_killed_workers_lease_is_waited_for(clock: FixedClock) -> None:
    ledger = MemoryLedger(clock.monotonic)
    assert await ledger.acquire_lease(WORKER_LEASE, "killed", WORKER_LEASE_SECONDS)
    await duties(ledger, clock).begin()
    assert WORKER_LEASE_SECONDS <= clock.monotonic() <= WORKER_LEASE_SECONDS + 1


async def test_a_living_worker_keeps_others_out(clock: FixedClock) -> None:
    class Renewed(MemoryLedger):
        async def acquire_lease(self, name: str, holder: str, seconds: float) -> bool:
            await super().acquire_lease(name, "living", seconds)
            return await super().acquire_lease(name, holder, seconds)

    with pytest.raises(StartRefusedError):
        await duties(Renewed(clock.monotonic), clock).begin()
