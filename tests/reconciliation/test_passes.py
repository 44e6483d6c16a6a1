"""The regular audit: once a day, by one worker, told by metrics, and never in anybody's way."""

import asyncio
import datetime
from collections.abc import Callable
from typing import cast

import pytest
from prometheus_client import CollectorRegistry

from monitor import passes
from monitor.clock import FixedClock
from monitor.differences import Kind
from monitor.exits import UnreachableError
from monitor.ledger.activations import broken_links
from monitor.ledger.memory import MemoryLedger
from monitor.metrics import Metrics
from monitor.notified import Notified
from monitor.passes import LEASE, LEASE_SECONDS, Pass, ReadNotified, RegularPass
from monitor.rulesets import Rulesets
from monitor.settings import Settings, WorkerSettings
from monitor.stream import auditing
from monitor.stream.auditing import Auditing
from monitor.stream.duties import Duties
from tests.intake.desk import NOON
from tests.reconciliation.story import publish, rewrite, told_desk, topic

DAILY = datetime.timedelta(days=1)


class World:
    """A ledger and its workers; tells of which deployments the topic was read."""

    def __init__(self) -> None:
        self.clock = FixedClock(NOON)
        self.ledger = MemoryLedger(self.clock.monotonic)
        self.seen = topic([])
        self.names: list[frozenset[str]] = []

    def worker(self, holder: str = "one") -> RegularPass:
        return RegularPass(
            self.ledger, Rulesets(), self.clock, deployment="test", holder=holder, every=DAILY
        )

    async def read(self, deployments: frozenset[str]) -> Notified:
        self.names.append(deployments)
        return self.seen


@pytest.fixture
async def world() -> World:
    made = World()
    await told_desk(made.ledger)
    made.seen = topic(await publish(made.ledger))
    return made


async def test_a_pass_is_made_once_a_day_whoever_asks(world: World) -> None:
    one = world.worker()
    first = await one.once(world.read)
    assert first == Pass(NOON, 2, {})
    assert await world.worker("two").once(world.read) == first
    assert world.names == [frozenset({"test"})]
    world.clock.advance(24 * 3600)
    await rewrite(world.ledger, said=[])
    second = await one.once(world.read)
    assert second is not None
    assert second.differences["notice_missing"] > 10
    assert second.differences["topic_unexpected"] == second.differences["notice_missing"]
    assert await world.ledger.leased(LEASE) == []
    assert list(broken_links(await world.ledger.audit())) == []


async def test_only_one_makes_it(world: World) -> None:
    assert await world.ledger.acquire_lease(LEASE, "two", LEASE_SECONDS)
    assert await world.worker().once(world.read) is None
    assert world.names == []


async def test_one_who_lost_the_turn_ends_and_records_nothing(world: World) -> None:
    async def slow(deployments: frozenset[str]) -> Notified:
        world.clock.advance(2 * LEASE_SECONDS)
        assert await world.ledger.acquire_lease(LEASE, "two", LEASE_SECONDS)
        return await world.read(deployments)

    assert await world.worker().once(slow) is None
    assert await world.ledger.leased(LEASE) == [LEASE]
    assert await recorded(world) == 0


async def test_one_who_loses_the_turn_while_the_topic_is_read_does_not_wait_for_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "LEASE_SECONDS", 0.03)

    async def endless(deployments: frozenset[str]) -> Notified:
        world.clock.advance(2 * LEASE_SECONDS)
        assert await world.ledger.acquire_lease(LEASE, "two", LEASE_SECONDS)
        await asyncio.Event().wait()
        return await world.read(deployments)

    assert await asyncio.wait_for(world.worker().once(endless), 5) is None
    assert await recorded(world) == 0


async def recorded(world: World) -> int:
    return [one.action for one in await world.ledger.audit()].count(passes.ACTION)


async def test_the_turn_is_kept_however_long_the_topic_is_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "LEASE_SECONDS", 0.03)
    acquire, renewed = world.ledger.acquire_lease, asyncio.Event()

    async def acquired(name: str, holder: str, seconds: float) -> bool:
        renewed.set()
        return await acquire(name, holder, seconds)

    async def slow(deployments: frozenset[str]) -> Notified:
        for _ in range(5):
            world.clock.advance(0.02)
            renewed.clear()
            await asyncio.wait_for(renewed.wait(), 5)
            assert not await acquire(LEASE, "two", 60)
        return await world.read(deployments)

    monkeypatch.setattr(world.ledger, "acquire_lease", acquired)
    made = await world.worker().once(slow)
    assert made is not None
    assert (made.patients, made.differences) == (2, {})
    assert await world.ledger.leased(LEASE) == []


async def test_a_restart_tells_what_the_last_pass_found_before_it_makes_the_next(
    world: World,
) -> None:
    first = await world.worker().once(world.read)
    world.clock.advance(25 * 3600)
    restarted = world.worker()
    assert await restarted.once(world.read) == first
    assert len(world.names) == 1
    assert await restarted.once(world.read) != first
    assert len(world.names) == 2


async def test_what_fails_is_made_again_and_the_turn_given_back(world: World) -> None:
    async def away(_deployments: frozenset[str]) -> Notified:
        raise UnreachableError("no broker")

    with pytest.raises(UnreachableError):
        await world.worker().once(away)
    assert await world.ledger.leased(LEASE) == []
    assert await world.worker("two").once(world.read) is not None


class Told:
    """Duties that have made a pass, or fail."""

    def __init__(self, *answers: Pass | Exception | None) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def audit(self, _read: ReadNotified) -> Pass | None:
        self.asked += 1
        answer = self._answers.pop(0) if self._answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def done(self) -> bool:
        return not self._answers


async def run(duties: Told, told: Metrics, every_h: float = 24.0) -> None:
    settings = Settings(worker=WorkerSettings(audit_every_h=every_h))
    running = asyncio.create_task(Auditing(cast("Duties", duties), told, settings).run())
    for _ in range(100):
        await asyncio.sleep(0.001)
        if duties.done or running.done():
            break
    await asyncio.sleep(0.001)
    running.cancel()


def gauge(told: Metrics) -> Callable[..., float | None]:
    return lambda name, **labels: told.registry.get_sample_value(
        f"ctdna_monitor_audit_{name}", labels
    )


async def test_the_metrics_show_the_last_pass_and_go_on_after_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(auditing, "LOOK_SECONDS", 0.001)
    told = Metrics(CollectorRegistry(), "0")
    read = gauge(told)
    assert [read("differences", kind=kind.value) for kind in Kind] == [0.0] * len(Kind)
    assert read("last_full_pass_timestamp_seconds") == 0.0
    found = Pass(NOON, 7, {"state_differs": 2})
    await run(Told(ValueError("a secret"), found, None), told)
    assert read("differences", kind="state_differs") == 2.0
    assert read("differences", kind="state_missing") == 0.0
    assert read("patients") == 7.0
    assert read("last_full_pass_timestamp_seconds") == NOON.timestamp()
    failed = told.registry.get_sample_value("ctdna_monitor_failures_total", {"part": "audit"})
    assert failed == 1.0


async def test_it_can_be_switched_off() -> None:
    duties = Told(None)
    await run(duties, Metrics(CollectorRegistry(), "0"), every_h=0)
    assert duties.asked == 0
